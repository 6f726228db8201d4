// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual.internal;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.AffineTransform;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.awt.geom.RoundRectangle2D;
import java.awt.image.BufferedImage;
import java.util.List;

/** Paints marks as pixels. Needs no display. */
public final class Java2dPainter {

    private final Graphics2D graphics;

    private Java2dPainter(Graphics2D graphics) {
        this.graphics = graphics;
    }

    public static BufferedImage paint(double width, double height, double scale, List<Mark> marks) {
        BufferedImage image = new BufferedImage(
                (int) Math.ceil(width * scale), (int) Math.ceil(height * scale), BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        try {
            graphics.setColor(new Color(Style.PAPER));
            graphics.fillRect(0, 0, image.getWidth(), image.getHeight());
            graphics.scale(scale, scale);
            graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
            graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
            graphics.setRenderingHint(RenderingHints.KEY_FRACTIONALMETRICS, RenderingHints.VALUE_FRACTIONALMETRICS_ON);
            graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
            graphics.setRenderingHint(
                    RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_NEAREST_NEIGHBOR);
            Java2dPainter painter = new Java2dPainter(graphics);
            marks.forEach(painter::paint);
        } finally {
            graphics.dispose();
        }
        return image;
    }

    private void paint(Mark mark) {
        if (mark instanceof Mark.Box box) {
            box(box);
        } else if (mark instanceof Mark.Frame frame) {
            stroke(1, frame.rgb());
            graphics.draw(new Rectangle2D.Double(frame.x(), frame.y(), frame.width(), frame.height()));
        } else if (mark instanceof Mark.Line line) {
            stroke(line.width(), line.rgb());
            graphics.draw(new Line2D.Double(line.x1(), line.y1(), line.x2(), line.y2()));
        } else if (mark instanceof Mark.Curve curve) {
            curve(curve);
        } else if (mark instanceof Mark.Label label) {
            label(label);
        } else if (mark instanceof Mark.Dot dot) {
            graphics.setColor(new Color(dot.rgb()));
            double across = 2 * dot.radius();
            graphics.fill(new Ellipse2D.Double(dot.x() - dot.radius(), dot.y() - dot.radius(), across, across));
        } else if (mark instanceof Mark.Raster raster) {
            raster(raster);
        }
    }

    private void box(Mark.Box box) {
        graphics.setColor(new Color(box.rgb()));
        double arc = 2 * box.radius();
        graphics.fill(
                arc == 0
                        ? new Rectangle2D.Double(box.x(), box.y(), box.width(), box.height())
                        : new RoundRectangle2D.Double(box.x(), box.y(), box.width(), box.height(), arc, arc));
    }

    private void curve(Mark.Curve curve) {
        Path2D path = new Path2D.Double();
        for (int i = 0; i < curve.xs().length; i++) {
            if (i == 0) {
                path.moveTo(curve.xs()[i], curve.ys()[i]);
            } else {
                path.lineTo(curve.xs()[i], curve.ys()[i]);
            }
        }
        graphics.setStroke(new BasicStroke((float) curve.width(), BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
        graphics.setColor(new Color(curve.rgb()));
        graphics.draw(path);
    }

    private void label(Mark.Label label) {
        Font font =
                new Font(Font.SANS_SERIF, label.bold() ? Font.BOLD : Font.PLAIN, 1).deriveFont((float) label.size());
        graphics.setFont(font);
        graphics.setColor(new Color(label.rgb()));
        double advance = font.getStringBounds(label.text(), graphics.getFontRenderContext())
                .getWidth();
        double squeeze = advance > label.width() ? label.width() / advance : 1;
        double shift = switch (label.anchor()) {
            case START -> 0;
            case MIDDLE -> -0.5;
            case END -> -1;
        };
        AffineTransform before = graphics.getTransform();
        graphics.translate(label.x(), label.y());
        if (label.upright()) {
            graphics.rotate(-Math.PI / 2);
        }
        graphics.translate(shift * advance * squeeze, 0);
        graphics.scale(squeeze, 1);
        graphics.drawString(label.text(), 0, 0);
        graphics.setTransform(before);
    }

    private void raster(Mark.Raster raster) {
        AffineTransform place = AffineTransform.getTranslateInstance(raster.x(), raster.y());
        place.scale(raster.width() / raster.columns(), raster.height() / raster.rows());
        graphics.drawImage(Png.image(raster.columns(), raster.rows(), raster.rgb()), place, null);
    }

    private void stroke(double width, int rgb) {
        graphics.setStroke(new BasicStroke((float) width, BasicStroke.CAP_BUTT, BasicStroke.JOIN_MITER));
        graphics.setColor(new Color(rgb));
    }
}
