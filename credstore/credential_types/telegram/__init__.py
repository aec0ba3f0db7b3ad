"""The Telegram credential type: its field, and how a bot token is tested."""
