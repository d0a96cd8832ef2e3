"""BitTorrent's formats as values: bencoding, infohashes, magnet URIs, info dictionaries."""
