"""The BitTorrent side of the shell: who has a torrent's metadata, and the metadata itself; never content."""
