"""Official accounts: their callbacks as events, their passive replies, their API as calls."""
