/* Goes on to an app's own sign-in. Who has no scripts follows the link. */

const link = document.querySelector("a[data-follow]");
if (link) location.replace(link.href);
