// Lets a pointer read the plots over time. The page is complete without it.
(function () {
  "use strict";
  var data = JSON.parse(document.getElementById("hover").textContent);
  Object.keys(data).forEach(function (name) {
    var plot = data[name];
    var canvas = document.querySelector('[data-plot="' + name + '"] .canvas');
    var svg = canvas.querySelector("svg");
    var tip = document.createElement("div");
    tip.className = "tip";
    tip.hidden = true;
    canvas.appendChild(tip);
    var rule = document.createElementNS("http://www.w3.org/2000/svg", "line");
    rule.setAttribute("class", "k-dim");
    rule.setAttribute("stroke-width", "3");
    rule.setAttribute("y1", plot.area[2]);
    rule.setAttribute("y2", plot.area[3]);
    rule.style.display = "none";
    svg.appendChild(rule);

    function hide() {
      tip.hidden = true;
      rule.style.display = "none";
    }
    function show(event) {
      var box = svg.getBoundingClientRect();
      var unit = svg.viewBox.baseVal.width / box.width;
      var left = plot.area[0];
      var wide = plot.area[1] - left;
      var share = ((event.clientX - box.left) * unit - left) / wide;
      if (share < 0 || share > 1) return hide();
      var bin = 0;
      while (bin + 2 < plot.edges.length && plot.edges[bin + 1] <= share) bin += 1;
      var middle = (plot.edges[bin] + plot.edges[bin + 1]) / 2;
      rule.setAttribute("x1", left + middle * wide);
      rule.setAttribute("x2", left + middle * wide);
      rule.style.display = "";
      tip.textContent = "";
      var when = document.createElement("b");
      when.textContent = plot.when[bin];
      tip.appendChild(when);
      plot.series.forEach(function (series) {
        if (!series[1][bin]) return;
        var row = document.createElement("div");
        row.textContent = series[0] + ": " + series[1][bin];
        tip.appendChild(row);
      });
      tip.hidden = false;
      var x = (left + middle * wide) / unit;
      var side = middle > 0.5 ? x - tip.offsetWidth - 10 : x + 10;
      tip.style.left = Math.max(0, side) + "px";
      tip.style.top = plot.area[2] / unit + 4 + "px";
    }
    svg.addEventListener("pointermove", show);
    svg.addEventListener("pointerdown", show);
    svg.addEventListener("pointerleave", hide);
  });
})();
