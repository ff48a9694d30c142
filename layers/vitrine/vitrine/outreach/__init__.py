"""Messages that go out by themselves: what calls for one, which one wins, when it may go, and what became of it."""
