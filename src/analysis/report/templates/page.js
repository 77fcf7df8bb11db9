(function () {
  "use strict";
  var all = function (what, where) { return Array.prototype.slice.call((where || document).querySelectorAll(what)); };

  // A number leads into a folded list: unfold what holds its row.
  function unfold() {
    var place = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    var folded = false;
    for (var up = place; up; up = up.parentElement) {
      if (up.tagName === "DETAILS" && !up.open) { up.open = folded = true; }
    }
    if (place && place.tagName === "SECTION") { all("#" + place.id + ">details.fold").forEach(function (each) { each.open = true; }); }
    // The browser has scrolled already to what was open.
    if (folded) { place.scrollIntoView({ block: place.offsetHeight < innerHeight ? "center" : "start" }); }
  }
  addEventListener("hashchange", unfold);
  if (location.hash) { unfold(); }

  // On paper nothing is folded.
  var opened = [];
  addEventListener("beforeprint", function () {
    opened = all("details:not(.rows):not([open])");
    opened.forEach(function (each) { each.open = true; });
  });
  addEventListener("afterprint", function () { opened.forEach(function (each) { each.open = false; }); });

  // What a number is, where the pointer rests or the focus is.
  function describe(event) {
    var link = event.target.closest && event.target.closest("a.n:not([title])");
    if (!link) { return; }
    var row = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!row) { return; }
    var group = row.parentNode.querySelector("th[scope=rowgroup]");
    link.title = [group, row.cells[0]].filter(Boolean)
      .map(function (cell) { return cell.textContent.replace(/\s+/g, " ").trim(); }).join("\n");
  }
  addEventListener("mouseover", describe);
  addEventListener("focusin", describe);

  // The claims: search by words, sort by heading.
  var ledger = document.querySelector(".ledger");
  if (!ledger) { return; }
  var table = ledger.querySelector("table"), tools = ledger.querySelector(".tools");
  var lines = all("tbody.line", table), heads = all("tbody.group", table);
  var box = tools.querySelector("input"), shown = tools.querySelector("[role=status]");
  var words = lines.map(function (line) { return line.textContent.toLowerCase(); });
  tools.hidden = false;
  function search() {
    var wanted = box.value.toLowerCase().split(/\s+/).filter(Boolean), k = 0;
    lines.forEach(function (line, place) {
      var fits = wanted.every(function (word) { return words[place].indexOf(word) >= 0; });
      line.hidden = !fits;
      k += fits ? 1 : 0;
    });
    heads.forEach(function (head) {
      var next = head.nextElementSibling, any = false;
      for (; next && next.className === "line"; next = next.nextElementSibling) { any = any || !next.hidden; }
      head.hidden = sorted || !any;
    });
    shown.textContent = k + " of " + shown.getAttribute("data-n") + " claims shown";
  }
  var sorted = false;
  all("thead th", table).forEach(function (head, column) {
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.setAttribute("aria-label", "Sort by " + head.textContent);
    head.textContent = "";
    head.appendChild(button);
    button.addEventListener("click", function () {
      var down = head.getAttribute("aria-sort") === "ascending";
      all("thead th", table).forEach(function (each) { each.removeAttribute("aria-sort"); });
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      sorted = true;
      var key = function (line) { return line.rows[0].cells[column].textContent.trim(); };
      lines.map(function (line, place) { return { line: line, key: key(line), place: place }; })
        .sort(function (a, b) {
          var by = a.key.localeCompare(b.key, "en", { numeric: true }) || 0;
          return (down ? -by : by) || a.place - b.place;
        })
        .forEach(function (each) { table.appendChild(each.line); });
      search();
    });
  });
  box.addEventListener("input", search);
  search();
})();
