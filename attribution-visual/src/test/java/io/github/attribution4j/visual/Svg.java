// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import io.github.attribution4j.visual.internal.Glyphs;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** An SVG document read back by the JDK's parser; throws if it is not well-formed. */
final class Svg {

    private final Document document;

    private Svg(Document document) {
        this.document = document;
    }

    static Svg parse(String svg) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        return new Svg(factory.newDocumentBuilder().parse(new InputSource(new StringReader(svg))));
    }

    Element root() {
        return document.getDocumentElement();
    }

    List<Element> elements(String name) {
        NodeList nodes = document.getElementsByTagNameNS("http://www.w3.org/2000/svg", name);
        List<Element> out = new ArrayList<>();
        for (int i = 0; i < nodes.getLength(); i++) {
            out.add((Element) nodes.item(i));
        }
        return out;
    }

    List<String> texts() {
        return elements("text").stream().map(Element::getTextContent).toList();
    }

    /** Returns the rectangle of a label as the layout measures it: left, top, right, bottom. */
    static double[] extent(Element text) {
        double size = number(text, "font-size");
        double width = Glyphs.width(
                text.getTextContent(), size, text.getAttribute("font-weight").equals("bold"));
        double x = number(text, "x");
        double left = switch (text.getAttribute("text-anchor")) {
            case "end" -> x - width;
            case "middle" -> x - width / 2;
            default -> x;
        };
        double y = number(text, "y");
        if (text.getAttribute("transform").startsWith("rotate(-90 ")) {
            // A quarter counterclockwise about x and y: what was left of x is below y.
            return new double[] {x - 0.75 * size, y - (left + width - x), x + 0.2 * size, y + (x - left)};
        }
        return new double[] {left, y - 0.75 * size, left + width, y + 0.2 * size};
    }

    static double number(Element element, String attribute) {
        return Double.parseDouble(element.getAttribute(attribute));
    }
}
