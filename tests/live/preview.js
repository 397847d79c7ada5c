// Measures the pages in the frames of this page, and leaves what it has seen as JSON in place of everything.
//
// A fault is a sentence: two cards that overlap, a text that is not in its card, a label that is cut or lies on another.

const SLACK = 1.5; // pixels: texts are not where whole pixels are

function within(inner, outer) {
    return inner.left >= outer.left - SLACK && inner.right <= outer.right + SLACK
        && inner.top >= outer.top - SLACK && inner.bottom <= outer.bottom + SLACK;
}

function overlap(one, other) {
    return Math.min(one.right, other.right) - Math.max(one.left, other.left) > SLACK
        && Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > SLACK;
}

function forPairs(items, tell) {
    items.forEach((one, place) => items.slice(place + 1).forEach(other => tell(one, other)));
}

const text = element => element.textContent.replace(/\s+/g, ' ').trim();
const all = (root, selector) => [...root.querySelectorAll(selector)];

// What of an element's text can be seen: less than it has where something around it is scrolled or cut on purpose.
function isClipped(node, card) {
    for (let around = node.parentElement; around && around !== card; around = around.parentElement) {
        if (getComputedStyle(around).overflow !== 'visible') return true;
    }
    return false;
}

function faultsOf(doc) {
    const faults = [];
    const name = element => element.id || text(element).slice(0, 40);
    const rectangles = all(doc, '.grid > *');
    forPairs(rectangles, (one, other) => {
        if (overlap(one.getBoundingClientRect(), other.getBoundingClientRect())) {
            faults.push(`${name(one)} and ${name(other)} overlap`);
        }
    });
    for (const rectangle of [...rectangles, doc.querySelector('header')]) {
        const outer = rectangle.getBoundingClientRect();
        const walker = doc.createTreeWalker(rectangle, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
            const node = walker.currentNode;
            if (!node.data.trim() || isClipped(node, rectangle)) continue;
            const range = doc.createRange();
            range.selectNodeContents(node);
            for (const box of range.getClientRects()) {
                if (box.width > 0 && !within(box, outer)) {
                    faults.push(`"${node.data.slice(0, 40)}" is not inside of ${name(rectangle)}`);
                }
            }
        }
    }
    for (const drawing of all(doc, 'svg').filter(drawing => drawing.getBoundingClientRect().width > 0)) {
        const card = name(drawing.closest('section'));
        const labels = all(drawing, 'text').map(label => [text(label), label.getBoundingClientRect()]);
        for (const [label, box] of labels) {
            if (!within(box, drawing.getBoundingClientRect())) faults.push(`label "${label}" of ${card} is cut`);
        }
        forPairs(labels, ([one, box], [other, otherBox]) => {
            // A line of text is higher than its letters.
            const shrunk = ({left, right, top, bottom}) => ({left, right, top: top + 2, bottom: bottom - 2});
            if (overlap(shrunk(box), shrunk(otherBox))) faults.push(`labels "${one}" and "${other}" of ${card} overlap`);
        });
    }
    if (doc.documentElement.scrollWidth > doc.documentElement.clientWidth) faults.push('the page is wider than its window');
    return faults;
}

function cardOf(section) {
    const value = section.querySelector('.value:not(.countries *)');
    return {
        key: section.id,
        text: text(section),
        value: value && [...value.children].map(text).join(' '),
        rows: all(section, 'tbody tr').map(row => [...row.cells].map(text)),
        countries: all(section, '.countries li').map(country => [...country.children].map(text)),
        drawings: all(section, 'svg').filter(drawing => drawing.getBoundingClientRect().width > 0).length,
    };
}

addEventListener('load', () => {
    const looks = all(document, 'iframe').map(frame => {
        const doc = frame.contentDocument;
        return {
            page: frame.dataset.page,
            width: frame.clientWidth,
            cards: all(doc, 'section').map(cardOf),
            elements: [...new Set(all(doc, '*').map(element => element.localName))],
            faults: faultsOf(doc),
        };
    });
    console.log('the pages are measured');
    const pre = document.createElement('pre');
    pre.textContent = JSON.stringify(looks);
    document.body.replaceChildren(pre);
});
