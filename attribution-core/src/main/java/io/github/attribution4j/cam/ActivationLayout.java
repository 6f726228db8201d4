// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import io.github.attribution4j.internal.Numbers;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Tells which axes of an activation are channels and which are positions. Axis 0 always counts examples.
 *
 * <table>
 * <caption>Layouts</caption>
 * <tr><th>layout</th><th>activation</th><th>positions of the map</th><th>used by</th></tr>
 * <tr><td>{@link #channelsFirst()}</td><td>{@code (N, C, ...)}</td><td>all axes after the channels</td>
 *     <td>convolutions</td></tr>
 * <tr><td>{@link #channelsLast()}</td><td>{@code (N, ..., C)}</td><td>all axes before the channels</td>
 *     <td>Swin transformers, token sequences</td></tr>
 * <tr><td>{@link #tokens}</td><td>{@code (N, leading + tokens, C)}</td><td>the grid of the tokens' patches</td>
 *     <td>vision transformers</td></tr>
 * </table>
 */
public final class ActivationLayout {
    private enum Order {
        CHANNELS_FIRST,
        CHANNELS_LAST,
        TOKENS
    }

    private static final ActivationLayout FIRST = new ActivationLayout(Order.CHANNELS_FIRST, 0, new long[0]);
    private static final ActivationLayout LAST = new ActivationLayout(Order.CHANNELS_LAST, 0, new long[0]);

    /** The kind of layouts. */
    static final Kind<ActivationLayout> KIND = Kind.of(
            "channels-first, channels-last, or tokens:LEADING:ROWSxCOLUMNS (tokens:LEADING for a square)",
            ActivationLayout::parse);

    private final Order kind;
    private final int leading;
    private final long[] grid;

    private ActivationLayout(Order kind, int leading, long[] grid) {
        this.kind = kind;
        this.leading = leading;
        this.grid = grid;
    }

    /**
     * Channels on axis 1, positions (if any) after them: {@code (N, C)}, {@code (N, C, L)}, {@code (N, C, H, W)}, ...
     */
    public static ActivationLayout channelsFirst() {
        return FIRST;
    }

    /** Channels on the last axis, positions before them: {@code (N, L, C)}, {@code (N, H, W, C)}, ... */
    public static ActivationLayout channelsLast() {
        return LAST;
    }

    /**
     * Tokens of a grid of patches, row by row, after tokens without a position: {@code (N, leading + tokens, C)}.
     *
     * @param leading the number of tokens at the front to leave out: 1 for a class token, more with register tokens
     * @param grid extents of the grid, such as rows and columns, whose product is the number of the other tokens; none
     *     for a square
     */
    public static ActivationLayout tokens(int leading, long... grid) {
        if (leading < 0) {
            throw new IllegalArgumentException("leading: " + leading + " tokens; give 0 or more");
        }
        for (long extent : grid) {
            if (extent < 1) {
                throw new IllegalArgumentException(
                        "grid: " + Arrays.toString(grid) + "; every extent must be at least 1");
            }
        }
        return new ActivationLayout(Order.TOKENS, leading, grid.clone());
    }

    private static ActivationLayout parse(String text) {
        String[] parts = text.strip().toLowerCase(Locale.ROOT).split(":", -1);
        boolean tokens = parts[0].equals("tokens") && (parts.length == 2 || parts.length == 3);
        if (tokens) {
            return tokens(
                    Integer.parseInt(parts[1].strip()), parts.length == 3 ? Numbers.integers(parts[2]) : new long[0]);
        }
        return switch (text.strip().toLowerCase(Locale.ROOT)) {
            case "channels-first" -> FIRST;
            case "channels-last" -> LAST;
            case "tokens" -> tokens(0);
            default ->
                throw new IllegalArgumentException("choose channels-first, channels-last, or such as tokens:1:14x14");
        };
    }

    /** Returns whether {@link #arrange} accepts an activation and finds a number of axes of positions in it. */
    boolean fits(Shape shape, int axes) {
        return switch (kind) {
            case CHANNELS_FIRST, CHANNELS_LAST -> shape.rank() == axes + 2;
            case TOKENS ->
                shape.rank() == 3
                        && shape.dim(1) > leading
                        && axes == (grid.length == 0 ? 2 : grid.length)
                        && product(gridOf(shape.dim(1) - leading)) == shape.dim(1) - leading;
        };
    }

    private long[] gridOf(long tokens) {
        if (grid.length > 0) {
            return grid;
        }
        long side = Math.round(Math.sqrt((double) tokens));
        return new long[] {side, side};
    }

    /** Returns the number of tokens at the front that have no position. */
    int leadingTokens() {
        return leading;
    }

    /**
     * Returns an activation, or its gradient, with one axis of channels and one of positions.
     *
     * @param layer for messages
     */
    Channels arrange(Tensor activation, String layer) {
        Shape shape = activation.shape();
        long[] dims = shape.dims();
        int rank = dims.length;
        return switch (kind) {
            case CHANNELS_FIRST -> {
                require(rank >= 2, layer, shape, "channels on axis 1");
                long[] positions = Arrays.copyOfRange(dims, 2, rank);
                yield new Channels(activation.reshape(dims[0], dims[1], product(positions)), 1, positions);
            }
            case CHANNELS_LAST -> {
                require(rank >= 3, layer, shape, "positions between axis 0 and the channels on the last axis");
                long[] positions = Arrays.copyOfRange(dims, 1, rank - 1);
                yield new Channels(activation.reshape(dims[0], product(positions), dims[rank - 1]), 2, positions);
            }
            case TOKENS -> {
                require(
                        rank == 3 && dims[1] > leading,
                        layer,
                        shape,
                        "tokens on axis 1, more than " + leading + ", and channels on axis 2");
                long[] positions = gridOf(dims[1] - leading, layer, shape);
                yield new Channels(leading == 0 ? activation : activation.slice(1, leading, dims[1]), 2, positions);
            }
        };
    }

    private long[] gridOf(long tokens, String layer, Shape shape) {
        long[] positions = gridOf(tokens);
        require(
                product(positions) == tokens,
                layer,
                shape,
                tokens + " tokens after the first " + leading + " in the grid "
                        + (grid.length == 0 ? "(a square)" : Shape.of(grid)));
        return positions;
    }

    /**
     * Returns what looks wrong about this layout, compared with the input that the map will cover: channels first where
     * the shapes suggest tokens or channels last. Both may be intended, so this is a notice and no refusal.
     *
     * @param activation shape of the layer's value
     * @param input shape of the first attributed input
     */
    Optional<String> doubt(Shape activation, Shape input, String layer) {
        int axes = activation.rank() - 2;
        if (kind != Order.CHANNELS_FIRST || axes < 1) {
            return Optional.empty();
        }
        boolean picture = input.rank() == 4;
        long channels = activation.dim(1);
        String seen = "layer '" + layer + "' gives shape " + activation + ", read as " + channels + " channels at "
                + Shape.of(Arrays.copyOfRange(activation.dims(), 2, activation.rank()))
                + " positions, but the input of shape "
                + input + " has ";
        if (picture && axes == 1) {
            return Optional.of(
                    seen + "two axes of positions: if axis 1 counts tokens, choose layout tokens(1), or tokens(0) "
                            + "without a class token");
        }
        if (picture && axes == 2 && likelierLast(activation, input)) {
            return Optional.of(seen + "positions " + Shape.of(input.dim(2), input.dim(3))
                    + ": if the last axis holds channels, choose layout channelsLast()");
        }
        if (axes == 1 && input.rank() == 2 && channels == input.dim(1) && channels > 1) {
            return Optional.of(
                    seen + channels + " positions itself: if axis 1 counts tokens, choose layout channelsLast()");
        }
        return Optional.empty();
    }

    /** Returns whether axes 1 and 2 have the proportions of the picture, and axes 2 and 3 do not. */
    private static boolean likelierLast(Shape activation, Shape input) {
        double picture = Math.log((double) input.dim(2) / input.dim(3));
        double first = Math.log((double) activation.dim(2) / activation.dim(3));
        double last = Math.log((double) activation.dim(1) / activation.dim(2));
        return Math.abs(first - picture) > Math.log(1.5) && Math.abs(last - picture) < Math.log(1.25);
    }

    private void require(boolean holds, String layer, Shape shape, String wanted) {
        if (!holds) {
            throw new InvalidRequestException(List.of("layer '" + layer + "' gives an activation of shape " + shape
                    + "; layout " + this + " needs " + wanted + "; choose another layer or layout"));
        }
    }

    private static long product(long[] extents) {
        return Arrays.stream(extents).reduce(1, Math::multiplyExact);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ActivationLayout that
                && kind == that.kind
                && leading == that.leading
                && Arrays.equals(grid, that.grid);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * kind.hashCode() + leading) + Arrays.hashCode(grid);
    }

    /** Returns {@code channels-first}, {@code channels-last}, or such as {@code tokens:1:14x14}. */
    @Override
    public String toString() {
        return switch (kind) {
            case CHANNELS_FIRST -> "channels-first";
            case CHANNELS_LAST -> "channels-last";
            case TOKENS -> {
                StringBuilder text = new StringBuilder("tokens:").append(leading);
                for (int i = 0; i < grid.length; i++) {
                    text.append(i == 0 ? ':' : 'x').append(grid[i]);
                }
                yield text.toString();
            }
        };
    }
}
