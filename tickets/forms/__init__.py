"""Input of the tickets floor, a file for each area."""
