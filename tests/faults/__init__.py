"""Faults of the world around the store, the crawl and the index: full disks, held locks, damage, disorder, hostile text."""
