"""The procedure: the SOP language, its pure engine, and the runner that turns decisions into rows."""
