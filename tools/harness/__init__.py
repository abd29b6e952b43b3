"""What the tools and the tests share.

This repository and a clean environment (`project`), Meltano on its meltano.yml (`meltano`,
`plugins`), an embedded PostgreSQL (`postgres`), what must be in it after a load (`warehouse`), and
Python environments with exact versions (`environments`).
"""
