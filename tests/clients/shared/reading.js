// Reading lists to their end, as somebody scrolls.

/** All nodes of a connection, page after page. */
export async function pages(phone, name, variables, connectionOf = (answer) => answer) {
  const seen = [];
  for (let after = null; ; ) {
    const { edges, pageInfo } = connectionOf(await phone.send(name, { ...variables, after }));
    seen.push(...edges.map(({ node }) => node));
    if (!pageInfo.hasNextPage) return seen;
    after = pageInfo.endCursor;
  }
}

/** Everything that is offered, by title. */
export async function productsByTitle(phone) {
  const all = await pages(phone, "Products", { first: 50 });
  return Object.fromEntries(all.map((product) => [product.title, product]));
}
