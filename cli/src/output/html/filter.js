// Shows only the objects of a page that hold a text, are of a type, and weigh at least so much. The page reads without it.
(function () {
  "use strict";
  var bar = document.getElementById("filter");
  if (!bar) return;
  var text = document.getElementById("filter-text");
  var type = document.getElementById("filter-type");
  var severity = document.getElementById("filter-severity");
  var shown = document.getElementById("filter-shown");
  var objects = Array.prototype.slice.call(document.querySelectorAll("[data-type]"));
  var words = objects.map(function (object) { return object.textContent.toLowerCase(); });
  var areas = document.querySelectorAll(".area");
  function apply() {
    var wanted = text.value.toLowerCase().trim().split(/\s+/);
    var least = severity ? Number(severity.value) : 0;
    var count = 0;
    objects.forEach(function (object, index) {
      var fits = (!type.value || object.dataset.type === type.value) &&
        Number(object.dataset.severity || 0) >= least &&
        wanted.every(function (word) { return words[index].indexOf(word) >= 0; });
      object.hidden = !fits;
      if (fits) count += 1;
    });
    areas.forEach(function (area) { area.hidden = !area.querySelector("[data-type]:not([hidden])"); });
    shown.textContent = count + " of " + objects.length + " shown";
  }
  function fold(open) {
    return function () {
      objects.forEach(function (object) { if (!object.hidden) object.open = open; });
    };
  }
  [text, type, severity].forEach(function (control) { if (control) control.addEventListener("input", apply); });
  document.getElementById("filter-unfold").addEventListener("click", fold(true));
  document.getElementById("filter-fold").addEventListener("click", fold(false));
  bar.hidden = false;
  apply();
})();
