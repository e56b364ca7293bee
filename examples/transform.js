// A JSON transformer: POST a list of orders, get totals per customer.
//
//   curl localhost:8000/transform -d '[{"customer": "ann", "items": [{"price": 2, "count": 3}]}]'

const total = (items) => items.reduce((sum, { price, count = 1 }) => sum + price * count, 0);

const problem = (status, detail) => Response.json({ status, detail }, { status });

export default {
  async fetch(request) {
    if (request.method !== "POST") return problem(405, "POST a JSON list of orders");

    let orders;
    try {
      orders = await request.json();
    } catch (error) {
      return problem(400, `not JSON: ${error.message}`);
    }
    if (!Array.isArray(orders)) return problem(422, "a list of orders is needed");

    const totals = {};
    for (const { customer, items } of orders) {
      totals[customer] = (totals[customer] ?? 0) + total(items);
    }
    return Response.json({ customers: Object.keys(totals).length, totals });
  },
};
