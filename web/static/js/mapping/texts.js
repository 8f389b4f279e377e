// The words of the mapping field. The page gives their translations by the English text; without one, English it is.

/**
 * A text in the page's language, with its `{places}` filled in.
 * @param {Record<string, string>} texts English → translated
 * @param {string} english
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export function say(texts, english, values = {}) {
  return (texts[english] ?? english).replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}
