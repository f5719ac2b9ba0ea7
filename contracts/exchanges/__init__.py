"""What an exchange is and says: its parts, and how its bodies and moments are read. Sends nothing."""
