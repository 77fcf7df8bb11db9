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

  // What a number is: beside it, and gone again. Without this its link leads to its row.
  var pop = document.getElementById("number");
  function line(list, name, value) {
    if (!value || value === "\u2014") { return; }
    var dt = document.createElement("dt"), dd = document.createElement("dd");
    dt.textContent = name;
    if (value.nodeType) { dd.appendChild(value); } else { dd.textContent = value; }
    list.appendChild(dt); list.appendChild(dd);
  }
  addEventListener("click", function (event) {
    var link = event.target.closest && event.target.closest("a.n");
    if (!link || !pop.showPopover || event.ctrlKey || event.metaKey || event.shiftKey) { return; }
    var row = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!row) { return; }
    event.preventDefault();
    var list = pop.querySelector("dl"), cells = row.cells;
    var group = row.parentNode.querySelector("th[scope=rowgroup]"), about = group && group.querySelector("span").cloneNode(true);
    list.textContent = "";
    line(list, "What it is", (group ? group.firstChild.textContent.trim() + ": " : "") + cells[0].textContent);
    line(list, "Number", cells[1].textContent);
    line(list, "Interval", cells[2].textContent);
    line(list, "Patients counted", cells[3].textContent);
    line(list, "Not known", cells[4].textContent);
    line(list, "Method and notebook", about);
    pop.querySelector("a.all").href = link.hash;
    pop.showPopover();
    var at = link.getBoundingClientRect(), own = pop.getBoundingClientRect();
    pop.style.left = Math.max(8, Math.min(at.left, innerWidth - own.width - 8)) + "px";
    pop.style.top = (at.bottom + own.height + 8 < innerHeight ? at.bottom + 6 : Math.max(8, at.top - own.height - 6)) + "px";
    pop.querySelector("button").focus({ preventScroll: true });
    pop.ontoggle = function (now) { if (now.newState === "closed" && document.activeElement === document.body) { link.focus({ preventScroll: true }); } };
  });
  all("a.all", pop).forEach(function (each) { each.addEventListener("click", function () { pop.hidePopover(); }); });

  // What if: look a reading up among those computed.
  all(".what-if").forEach(function (box) {
    var which = box.querySelector(".which"), readings = all(".reading", box);
    function show() { readings.forEach(function (each) { each.hidden = each.getAttribute("data-key") !== which.value; }); }
    readings.forEach(function (each) {
      var rows = {}, picks = all("select", each), found = each.querySelector(".found");
      each.getAttribute("data-rows").split(";").forEach(function (row) { var parts = row.split("|"); rows[parts[0]] = parts; });
      function look() {
        var row = rows[picks.map(function (pick) { return pick.value; }).join("-")], axis = each.querySelector(".axis");
        all(".line,.spot", axis).forEach(function (part) { part.hidden = !row; });
        found.textContent = row ? row[1] + ": " + row[2] : "These choices together are not among the readings of this run.";
        if (!row) { return; }
        var kind = row[1].toLowerCase();
        axis.className = "axis v-" + kind.replace(/ /g, "-");
        found.className = "found v-" + kind.replace(/ /g, "-");
        axis.querySelector(".spot").style.left = row[3] + "%";
        axis.querySelector(".line").style.left = row[4] + "%";
        axis.querySelector(".line").style.width = (row[5] - row[4]) + "%";
      }
      picks.forEach(function (pick) { pick.addEventListener("change", look); });
      each.querySelector("button").addEventListener("click", function () {
        picks.forEach(function (pick) { pick.value = pick.getAttribute("data-fixed"); });
        look();
      });
      look();
    });
    which.addEventListener("change", show);
    show();
    box.hidden = false;
  });

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
