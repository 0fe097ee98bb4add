"""The doors: GraphQL for the app, for partners and for the console. Alone knows Starlette and Strawberry."""
