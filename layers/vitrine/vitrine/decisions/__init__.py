"""What one visitor sees on one page: from a request and the rows read for it to an answer."""
