// Writes src/dashboard/preview/world.tsv anew: the shapes of the preview's map, a country's code and its path in SVG a line.
//
//   cd "$(mktemp -d)" && npm install world-atlas@2.0.2 topojson-client@3 topojson-simplify@3 i18n-iso-countries@7
//   cp PROJECT/scripts/world.mjs . && node world.mjs > PROJECT/src/dashboard/preview/world.tsv
//
// The borders are Natural Earth's, 1:110m, which are in the public domain (https://www.naturalearthdata.com/about/terms-of-use/), as the package
// world-atlas has them. They are put on Equal Earth, which shows areas as large as they are, and simplified together, so that
// neighbors still meet.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import iso from 'i18n-iso-countries';
import { feature } from 'topojson-client';
import { presimplify, simplify } from 'topojson-simplify';

const WIDTH = 1000; // of the map
const LEAST_TRIANGLE = 6; // of a corner that is kept, in squares
const LEAST_ISLAND = 8; // likewise, of an island

const topology = JSON.parse(readFileSync(createRequire(import.meta.url).resolve('world-atlas/countries-110m.json')));
const { countries } = topology.objects;
// Nobody is sent anything to Antarctica, which would take a quarter of the height.
countries.geometries = countries.geometries.filter(({ id }) => id !== '010');

/** Longitude and latitude in degrees on Equal Earth, as long as a degree of arc is 1. */
function equalEarth(longitude, latitude) {
    const [a1, a2, a3, a4] = [1.340264, -0.081106, 0.000893, 0.003796];
    const theta = Math.asin((Math.sqrt(3) / 2) * Math.sin((latitude * Math.PI) / 180));
    const squared = theta ** 2;
    const slope = a1 + 3 * a2 * squared + squared ** 3 * (7 * a3 + 9 * a4 * squared);
    const x = (2 * ((longitude * Math.PI) / 180) * Math.cos(theta)) / (Math.sqrt(3) * slope);
    return [x, theta * (a1 + a2 * squared + squared ** 3 * (a3 + a4 * squared))];
}

const [right] = equalEarth(180, 0);
const [, top] = equalEarth(0, 83.7);

// Arcs are written as steps from point to point.
const { scale, translate } = topology.transform;
topology.arcs = topology.arcs.map(arc => {
    let [x, y] = [0, 0];
    return arc.map(step => {
        [x, y] = [x + step[0], y + step[1]];
        const [east, north] = equalEarth(x * scale[0] + translate[0], y * scale[1] + translate[1]);
        return [((east + right) * WIDTH) / (2 * right), ((top - north) * WIDTH) / (2 * right)];
    });
});
delete topology.transform;

/** The parts of a ring, without the point that closes it: where it crosses the edge of the map, one at either end. */
function parts(ring) {
    const points = ring.slice(0, -1);
    const crosses = ring.some(([x], at) => at > 0 && Math.abs(x - ring[at - 1][0]) > WIDTH / 2);
    return crosses ? [points.filter(([x]) => x < WIDTH / 2), points.filter(([x]) => x >= WIDTH / 2)] : [points];
}

const size = ring => Math.abs(ring.reduce((sum, [x, y], at) => {
    const [nextX, nextY] = ring[(at + 1) % ring.length];
    return sum + x * nextY - nextX * y;
}, 0)) / 2;

/** A ring in whole units, without points that are one after that. */
function path(ring) {
    const points = ring.map(point => point.map(Math.round));
    const distinct = points.filter(([x, y], at) => at === 0 || x !== points[at - 1][0] || y !== points[at - 1][1]);
    if (distinct.length < 3) return '';
    const steps = distinct.slice(1).map(([x, y], at) => `${x - distinct[at][0]} ${y - distinct[at][1]}`);
    return `M${distinct[0].join(' ')}l${steps.join(' ')}z`.replaceAll(' -', '-');
}

const simplified = simplify(presimplify(topology), LEAST_TRIANGLE);
for (const { id, properties, geometry } of feature(simplified, countries).features) {
    const polygons = geometry?.type === 'Polygon' ? [geometry.coordinates] : geometry?.coordinates ?? [];
    const rings = polygons.flat().flatMap(parts);
    const largest = Math.max(...rings.map(size));
    const shape = rings.filter(ring => size(ring) >= Math.min(LEAST_ISLAND, largest)).map(path).join('');
    // Kosovo has no code in the list that the borders go by, and what its government does not rule has none at all.
    const code = properties.name === 'Kosovo' ? 'XK' : iso.numericToAlpha2(id) ?? '';
    if (shape) console.log(`${code}\t${shape}`);
}
