// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import static io.github.attribution4j.onnx.internal.gradient.Step.set;

import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Sampling of images at given positions, and the positions of an affine map. */
final class GridRules {
    /** The coefficient of the operator's cubic interpolation. */
    private static final double CUBIC = -0.75;

    private GridRules() {}

    static void addTo(Map<String, Rules.Rule> table) {
        table.put("GridSample", s -> new Sampling(s).apply());
        table.put("AffineGrid", GridRules::affine);
    }

    /** The grid is the product of the map and of positions, which the identity map returns. */
    private static void affine(Step s) {
        int space = s.rank(s.y()) - 2;
        String count = s.ints(space);
        String square = s.op("EyeLike", s.expand(s.number(0), s.concat(0, count, count)));
        String none = s.expand(s.number(0), s.concat(0, count, s.ints(1)));
        String identity = s.unsqueeze(s.concat(1, square, none), 0);
        String rest = s.slice(s.x(1), s.ints(1), s.ints(Long.MAX_VALUE), s.ints(0));
        List<Attribute> corners = List.of(set("align_corners", s.integer("align_corners", 0)));
        String positions = s.reshape(s.op("AffineGrid", corners, identity, s.concat(0, s.ints(1), rest)), -1, space);
        String one = s.expand(s.number(1), s.concat(0, s.op("Shape", List.of(set("end", 1)), positions), s.ints(1)));
        String rows = s.op("Reshape", s.g(), s.ints(0, -1, space));
        s.give(0, s.matmul(s.transpose(rows, 0, 2, 1), s.concat(1, positions, one)));
    }

    /**
     * One index of an axis that a position reads.
     *
     * @param index the index; within the image
     * @param weight its weight, zero outside the image
     * @param slope derivative of the weight by the position
     */
    private record Tap(String index, String weight, String slope) {}

    /** One node. Positions are (rows, points); every axis of the image is read separately. */
    private static final class Sampling {
        private final Step s;
        private final int space;
        private final String mode;
        private final String padding;
        private final boolean corners;
        private final String points;

        Sampling(Step s) {
            this.s = s;
            this.space = s.rank(s.x()) - 2;
            String written = s.text("mode", "linear");
            this.mode = written.startsWith("bi") ? written.substring(2) : written; // up to opset 19
            this.padding = s.text("padding_mode", "zeros");
            this.corners = s.integer("align_corners", 0) != 0;
            this.points = s.op("Reshape", s.x(1), s.ints(0, -1, space));
        }

        void apply() {
            List<List<Tap>> taps = new ArrayList<>();
            for (int axis = 0; axis < space; axis++) {
                taps.add(taps(axis));
            }
            String flat = s.op("Reshape", s.x(), s.ints(0, 0, -1));
            String g = s.op("Reshape", s.g(), s.ints(0, 0, -1));
            String repeated = s.op("Shape", g);
            List<String> places = new ArrayList<>();
            List<String> shares = new ArrayList<>();
            String[] slopes = new String[space];
            for (List<Tap> each : combinations(taps)) {
                String place = s.expand(s.unsqueeze(place(each), 1), repeated);
                if (s.needs(0)) {
                    places.add(place);
                    shares.add(s.mul(g, s.unsqueeze(product(each, -1), 1)));
                }
                if (s.needs(1) && !mode.equals("nearest")) {
                    String read = s.op("GatherElements", List.of(set("axis", 2)), flat, place);
                    String sum = s.sum(s.mul(g, read), false, 1);
                    for (int axis = 0; axis < space; axis++) {
                        String part = s.mul(sum, product(each, axis));
                        slopes[axis] = slopes[axis] == null ? part : s.add(slopes[axis], part);
                    }
                }
            }
            if (s.needs(0)) {
                String zeros = s.expand(s.number(0), s.op("Shape", flat));
                String sums = s.addAt(
                        "ScatterElements",
                        List.of(set("axis", 2)),
                        s.element(),
                        zeros,
                        s.concat(2, places.toArray(new String[0])),
                        s.concat(2, shares.toArray(new String[0])));
                s.give(0, s.shapedLike(sums, s.x()));
            }
            if (s.needs(1)) {
                s.give(1, mode.equals("nearest") ? s.zeros(s.x(1)) : grid(slopes));
            }
        }

        /** The last axis of the image comes first in the grid. */
        private String grid(String[] slopes) {
            String[] columns = new String[space];
            for (int axis = 0; axis < space; axis++) {
                columns[space - 1 - axis] = s.unsqueeze(slopes[axis], 2);
            }
            return s.shapedLike(s.concat(2, columns), s.x(1));
        }

        private List<List<Tap>> combinations(List<List<Tap>> taps) {
            List<List<Tap>> all = List.of(List.of());
            for (List<Tap> axis : taps) {
                List<List<Tap>> longer = new ArrayList<>();
                for (List<Tap> begun : all) {
                    for (Tap tap : axis) {
                        List<Tap> next = new ArrayList<>(begun);
                        next.add(tap);
                        longer.add(next);
                    }
                }
                all = longer;
            }
            return all;
        }

        private String place(List<Tap> taps) {
            String place = taps.get(0).index();
            for (int axis = 1; axis < space; axis++) {
                place = s.add(
                        s.mul(place, s.sizes(s.x(), axis + 2)), taps.get(axis).index());
            }
            return place;
        }

        /** The product of all weights, with the slope instead of the weight on one axis. */
        private String product(List<Tap> taps, int sloped) {
            String product = "";
            for (int axis = 0; axis < space; axis++) {
                String factor =
                        axis == sloped ? taps.get(axis).slope() : taps.get(axis).weight();
                product = product.isEmpty() ? factor : s.mul(product, factor);
            }
            return product;
        }

        private List<Tap> taps(int axis) {
            String size = s.cast(s.sizes(s.x(), axis + 2), s.element());
            String given = s.op("Gather", List.of(set("axis", 2)), points, s.integer(space - 1L - axis));
            String last = s.sub(size, s.number(1));
            String scale = s.times(corners ? last : size, 0.5);
            String shifted = s.mul(s.add(given, s.number(1)), scale);
            String position = corners ? shifted : s.sub(shifted, s.number(0.5));
            return switch (mode) {
                case "nearest" -> {
                    String index = s.op("Round", padded(position, size)[0]);
                    yield List.of(tap(index, s.number(1), s.number(0), last));
                }
                case "cubic" -> cubic(position, scale, size);
                default -> {
                    String[] inside = padded(position, size);
                    String slope = inside[1].isEmpty() ? scale : s.mul(scale, inside[1]);
                    String low = s.op("Floor", inside[0]);
                    String part = s.sub(inside[0], low);
                    yield List.of(
                            tap(low, s.sub(s.number(1), part), s.neg(slope), last),
                            tap(s.add(low, s.number(1)), part, slope, last));
                }
            };
        }

        private List<Tap> cubic(String position, String scale, String size) {
            String last = s.sub(size, s.number(1));
            String low = s.op("Floor", position);
            String part = s.sub(position, low);
            List<Tap> taps = new ArrayList<>();
            for (int i = -1; i <= 2; i++) {
                // The distance from the position, which grows as the position decreases.
                double side = i <= 0 ? 1 : -1;
                String distance = s.add(s.times(part, side), s.number(-side * i));
                boolean near = i == 0 || i == 1;
                double[] polynomial = near
                        ? new double[] {CUBIC + 2, -(CUBIC + 3), 0, 1}
                        : new double[] {CUBIC, -5 * CUBIC, 8 * CUBIC, -4 * CUBIC};
                String weight = polynomial(distance, polynomial);
                String slope = polynomial(distance, 3 * polynomial[0], 2 * polynomial[1], polynomial[2]);
                String index = padded(s.add(low, s.number(i)), size)[0];
                taps.add(tap(index, weight, s.mul(scale, s.times(slope, side)), last));
            }
            return taps;
        }

        private String polynomial(String x, double... coefficients) {
            String sum = s.number(coefficients[0]);
            for (int i = 1; i < coefficients.length; i++) {
                sum = s.add(s.mul(sum, x), s.number(coefficients[i]));
            }
            return sum;
        }

        /** Nothing is read outside the image. */
        private Tap tap(String index, String weight, String slope, String last) {
            String inside = s.op("And", s.op("GreaterOrEqual", index, s.number(0)), s.op("LessOrEqual", index, last));
            String kept = s.op("Max", s.op("Min", index, last), s.number(0));
            return new Tap(s.cast(kept, ElementType.INT64), s.keep(inside, weight), s.keep(inside, slope));
        }

        /** A position moved into the image, and the slope of this move; an empty slope means 1. */
        private String[] padded(String position, String size) {
            if (padding.equals("zeros")) {
                return new String[] {position, ""};
            }
            String last = s.sub(size, s.number(1));
            String value = position;
            String slope = s.number(1);
            if (padding.equals("reflection")) {
                String low = s.number(corners ? 0 : -0.5);
                String span = s.op("Max", corners ? last : size, s.number(1e-30));
                String from = s.sub(position, low);
                String distance = s.op("Abs", from);
                String turns = s.op("Floor", s.div(distance, span));
                String rest = s.sub(distance, s.mul(turns, span));
                String even = s.op("Equal", s.op("Mod", List.of(set("fmod", 1)), turns, s.number(2)), s.number(0));
                value = s.add(s.where(even, rest, s.sub(span, rest)), low);
                String side = s.where(s.op("Less", from, s.number(0)), s.number(-1), s.number(1));
                slope = s.where(even, side, s.neg(side));
            }
            String inside = s.op("And", s.op("Greater", value, s.number(0)), s.op("Less", value, last));
            return new String[] {s.op("Max", s.op("Min", value, last), s.number(0)), s.keep(inside, slope)};
        }
    }
}
