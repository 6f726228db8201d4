// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual.internal;

import static io.github.attribution4j.visual.internal.Numbers.coordinate;

import java.util.Base64;
import java.util.List;

/** Writes marks as SVG 1.1: no scripts, no style sheets, no ids, nothing fetched from elsewhere. */
public final class SvgWriter {

    private SvgWriter() {}

    public static String write(String description, double width, double height, List<Mark> marks) {
        StringBuilder out = new StringBuilder(4096);
        out.append("<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\"")
                .append(coordinate(width))
                .append("\" height=\"")
                .append(coordinate(height))
                .append("\" viewBox=\"0 0 ")
                .append(coordinate(width))
                .append(' ')
                .append(coordinate(height))
                .append("\" role=\"img\" font-family=\"sans-serif\">\n<title>")
                .append(escape(description))
                .append("</title>\n");
        box(out, new Mark.Box(0, 0, width, height, 0, Style.PAPER));
        for (Mark mark : marks) {
            // A chain of instanceof: pattern matching in switch is not in Java 17.
            if (mark instanceof Mark.Box box) {
                box(out, box);
            } else if (mark instanceof Mark.Frame frame) {
                frame(out, frame);
            } else if (mark instanceof Mark.Line line) {
                line(out, line);
            } else if (mark instanceof Mark.Curve curve) {
                curve(out, curve);
            } else if (mark instanceof Mark.Label label) {
                label(out, label);
            } else if (mark instanceof Mark.Dot dot) {
                dot(out, dot);
            } else if (mark instanceof Mark.Hint hint) {
                hint(out, hint);
            } else if (mark instanceof Mark.Raster raster) {
                raster(out, raster);
            }
        }
        return out.append("</svg>\n").toString();
    }

    private static void box(StringBuilder out, Mark.Box box) {
        out.append("<rect");
        rectangle(out, box.x(), box.y(), box.width(), box.height());
        if (box.radius() > 0) {
            attribute(out, "rx", box.radius());
        }
        out.append(" fill=\"").append(OkLab.css(box.rgb())).append("\"/>\n");
    }

    private static void frame(StringBuilder out, Mark.Frame frame) {
        out.append("<rect");
        rectangle(out, frame.x(), frame.y(), frame.width(), frame.height());
        out.append(" fill=\"none\" stroke=\"").append(OkLab.css(frame.rgb())).append("\"/>\n");
    }

    private static void dot(StringBuilder out, Mark.Dot dot) {
        out.append("<circle");
        attribute(out, "cx", dot.x());
        attribute(out, "cy", dot.y());
        attribute(out, "r", dot.radius());
        out.append(" fill=\"").append(OkLab.css(dot.rgb())).append('"');
        out.append(dot.hint().isEmpty() ? "/>\n" : ">" + title(dot.hint()) + "</circle>\n");
    }

    private static void hint(StringBuilder out, Mark.Hint hint) {
        out.append("<rect");
        rectangle(out, hint.x(), hint.y(), hint.width(), hint.height());
        out.append(" fill=\"none\" pointer-events=\"all\">")
                .append(title(hint.text()))
                .append("</rect>\n");
    }

    private static String title(String text) {
        return "<title>" + escape(text) + "</title>";
    }

    private static void line(StringBuilder out, Mark.Line line) {
        out.append("<line");
        attribute(out, "x1", line.x1());
        attribute(out, "y1", line.y1());
        attribute(out, "x2", line.x2());
        attribute(out, "y2", line.y2());
        out.append(" stroke=\"").append(OkLab.css(line.rgb())).append('"');
        attribute(out, "stroke-width", line.width());
        out.append("/>\n");
    }

    private static void curve(StringBuilder out, Mark.Curve curve) {
        out.append("<polyline points=\"");
        for (int i = 0; i < curve.xs().length; i++) {
            out.append(i == 0 ? "" : " ")
                    .append(coordinate(curve.xs()[i]))
                    .append(',')
                    .append(coordinate(curve.ys()[i]));
        }
        out.append("\" fill=\"none\" stroke-linejoin=\"round\" stroke-linecap=\"round\" stroke=\"")
                .append(OkLab.css(curve.rgb()))
                .append('"');
        attribute(out, "stroke-width", curve.width());
        out.append("/>\n");
    }

    private static void label(StringBuilder out, Mark.Label label) {
        out.append("<text");
        attribute(out, "x", label.x());
        attribute(out, "y", label.y());
        attribute(out, "font-size", label.size());
        if (label.upright()) {
            out.append(" transform=\"rotate(-90 ")
                    .append(coordinate(label.x()))
                    .append(' ')
                    .append(coordinate(label.y()))
                    .append(")\"");
        }
        if (label.bold()) {
            out.append(" font-weight=\"bold\"");
        }
        switch (label.anchor()) {
            case START -> {}
            case MIDDLE -> out.append(" text-anchor=\"middle\"");
            case END -> out.append(" text-anchor=\"end\"");
        }
        out.append(" fill=\"").append(OkLab.css(label.rgb())).append("\" xml:space=\"preserve\">");
        out.append(escape(label.text())).append("</text>\n");
    }

    private static void raster(StringBuilder out, Mark.Raster raster) {
        String data = Base64.getEncoder()
                .encodeToString(Png.encode(Png.image(raster.columns(), raster.rows(), raster.rgb()), 1));
        out.append("<image");
        rectangle(out, raster.x(), raster.y(), raster.width(), raster.height());
        // xlink:href, not href: every reader knows the spelling of SVG 1.1.
        out.append(" preserveAspectRatio=\"none\" xlink:href=\"data:image/png;base64,")
                .append(data)
                .append("\"/>\n");
    }

    private static void rectangle(StringBuilder out, double x, double y, double width, double height) {
        attribute(out, "x", x);
        attribute(out, "y", y);
        attribute(out, "width", width);
        attribute(out, "height", height);
    }

    private static void attribute(StringBuilder out, String name, double value) {
        out.append(' ').append(name).append("=\"").append(coordinate(value)).append('"');
    }

    /** Escapes text as content or attribute of XML or HTML; characters that XML forbids become visible signs. */
    public static String escape(String text) {
        String visible = Glyphs.visible(text);
        StringBuilder out = new StringBuilder(visible.length() + 16);
        for (int i = 0; i < visible.length(); i++) {
            char c = visible.charAt(i);
            switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                case '\'' -> out.append("&#39;");
                default -> out.append(c);
            }
        }
        return out.toString();
    }
}
