"""What one writes with Locust alone: FastHttpUser and `json=`, no answer looked at. Run by `throughput`."""

import os

from locust import FastHttpUser, task

RECORDS = int(os.environ["RECORDS"])
BATCH = {
    "inventories": [
        {
            "product_ref": f"prd-{k}",
            "sku": f"sku-{k}",
            "quantity": 1 + k % 500,
            "store_ref": "str1",
            "at": "2026-06-01T12:00:00Z",
        }
        for k in range(RECORDS)
    ]
}


class Stock(FastHttpUser):
    """Posts the same batch for ever."""

    @task
    def push(self) -> None:
        self.client.post(
            "/api/platform/v1/products/inventories/batches",
            json=BATCH,
            headers={"Authorization": "Bearer benchmark-key"},
        )
