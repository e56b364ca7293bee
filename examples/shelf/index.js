// Pages that are files, and an API beside them: a site with a search.

const BOOKS = [
  { title: "The Left Hand of Darkness", author: "Ursula K. Le Guin", year: 1969 },
  { title: "Solaris", author: "Stanisław Lem", year: 1961 },
  { title: "Kindred", author: "Octavia E. Butler", year: 1979 },
];

const matches = (book, words) =>
  words.every((word) => `${book.title} ${book.author}`.toLowerCase().includes(word));

export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/shelf/api/books") {
      const words = (searchParams.get("q") ?? "").toLowerCase().split(/\s+/);
      return Response.json(BOOKS.filter((book) => matches(book, words)));
    }
    return env.ASSETS.fetch(request); // shelf.toml: the files in public/
  },
};
