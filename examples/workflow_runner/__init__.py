"""An example of a host application: a small workflow runner with credstore inside."""
