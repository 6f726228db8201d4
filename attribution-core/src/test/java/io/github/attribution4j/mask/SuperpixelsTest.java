// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.mask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.internal.numeric.Superpixels;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SuperpixelsTest {
    private final Tensors tensors = Tensors.ofJava();

    /** An image of disks on a ramp, with noise. */
    private static float[] image(int channels, int height, int width, long seed) {
        RandomStream random = RandomStream.of(seed, 1);
        float[] elements = new float[channels * height * width];
        for (int channel = 0; channel < channels; channel++) {
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    double value = 0.3 * x / width + 0.05 * random.nextGaussian();
                    if (isDisk(y, x, height, width)) {
                        value += channel == 0 ? 1 : -1;
                    }
                    elements[(channel * height + y) * width + x] = (float) value;
                }
            }
        }
        return elements;
    }

    private static boolean isDisk(int y, int x, int height, int width) {
        return Math.hypot(y - 0.4 * height, x - 0.6 * width) < 0.25 * Math.min(height, width);
    }

    /** Returns the sizes of the regions after checking that each hangs together. */
    private static int[] sizes(int[] regions, int height, int width) {
        int count = Arrays.stream(regions).max().orElseThrow() + 1;
        int[] sizes = new int[count];
        boolean[] seen = new boolean[regions.length];
        for (int pixel = 0; pixel < regions.length; pixel++) {
            if (!seen[pixel]) {
                assertThat(sizes[regions[pixel]])
                        .as("region %d has two parts", regions[pixel])
                        .isZero();
                Deque<Integer> waiting = new ArrayDeque<>(List.of(pixel));
                seen[pixel] = true;
                while (!waiting.isEmpty()) {
                    int at = waiting.poll();
                    sizes[regions[pixel]]++;
                    int[][] sides = {
                        {at / width - 1, at % width},
                        {at / width + 1, at % width},
                        {at / width, at % width - 1},
                        {at / width, at % width + 1}
                    };
                    for (int[] side : sides) {
                        int other = side[0] * width + side[1];
                        if (side[0] >= 0
                                && side[0] < height
                                && side[1] >= 0
                                && side[1] < width
                                && !seen[other]
                                && regions[other] == regions[pixel]) {
                            seen[other] = true;
                            waiting.add(other);
                        }
                    }
                }
            }
        }
        assertThat(sizes).doesNotContain(0);
        return sizes;
    }

    @ParameterizedTest
    @CsvSource({"3, 120, 160, 60", "1, 64, 64, 30", "3, 33, 200, 25", "4, 17, 5, 6", "3, 2, 3, 6", "3, 90, 90, 1"})
    @DisplayName("Regions are connected, not tiny, near the number asked for, and the same every time")
    void connected(int channels, int height, int width, int count) {
        float[] elements = image(channels, height, width, height);
        float[] before = elements.clone();
        int[] regions = new Superpixels(elements, channels, height, width, 0.5).cut(count);
        int[] sizes = sizes(regions, height, width);
        assertThat(sizes.length).isBetween((count + 1) / 2, 2 * count);
        assertThat(Arrays.stream(sizes).min().orElseThrow())
                .isGreaterThanOrEqualTo(height * width / (4 * count) * 4 / 5);
        assertThat(new Superpixels(elements, channels, height, width, 0.5).cut(count))
                .isEqualTo(regions);
        assertThat(elements).isEqualTo(before);
    }

    @Test
    @DisplayName("Regions keep to the edges of what is in the image, whatever the scale of its numbers")
    void keepToEdges() {
        int height = 128;
        int width = 96;
        float[] elements = image(3, height, width, 7);
        int[] regions = new Superpixels(elements, 3, height, width, 0.5).cut(50);
        int count = Arrays.stream(regions).max().orElseThrow() + 1;
        int[][] members = new int[count][2];
        for (int pixel = 0; pixel < regions.length; pixel++) {
            members[regions[pixel]][isDisk(pixel / width, pixel % width, height, width) ? 1 : 0]++;
        }
        int wrong =
                Arrays.stream(members).mapToInt(two -> Math.min(two[0], two[1])).sum();
        assertThat(wrong).isLessThan(height * width / 100);
        float[] scaled = new float[elements.length];
        for (int i = 0; i < scaled.length; i++) {
            scaled[i] = elements[i] * 256 - 64;
        }
        assertThat(new Superpixels(scaled, 3, height, width, 0.5).cut(50)).isEqualTo(regions);
    }

    @Test
    @DisplayName(
            "An image of one color is cut into a grid, and more compactness makes the regions of any image squarer")
    void compactness() {
        int[] even = new Superpixels(new float[60 * 60], 1, 60, 60, 0.5).cut(9);
        assertThat(even).isEqualTo(cells(60, 60, 3));
        float[] elements = image(3, 60, 60, 3);
        int loose = differences(new Superpixels(elements, 3, 60, 60, 0.1).cut(9), 60);
        int tight = differences(new Superpixels(elements, 3, 60, 60, 3).cut(9), 60);
        assertThat(tight).isLessThan(loose);
    }

    private static int[] cells(int height, int width, int cells) {
        int[] numbers = new int[height * width];
        Arrays.setAll(numbers, i -> i / width * cells / height * cells + i % width * cells / width);
        return numbers;
    }

    /** Returns the length of all borders between regions. */
    private static int differences(int[] regions, int width) {
        int differences = 0;
        for (int i = 1; i < regions.length; i++) {
            differences += i % width != 0 && regions[i] != regions[i - 1] ? 1 : 0;
            differences += i >= width && regions[i] != regions[i - width] ? 1 : 0;
        }
        return differences;
    }

    @Test
    @DisplayName("An image of 512 x 512 pixels takes less than a second")
    void fast() {
        float[] elements = image(3, 512, 512, 5);
        long best = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            long start = System.nanoTime();
            new Superpixels(elements, 3, 512, 512, 0.5).cut(200);
            best = Math.min(best, System.nanoTime() - start);
        }
        assertThat(best).isLessThan(1_000_000_000L);
    }

    @Test
    @DisplayName("Each image of a request has regions of its own, which are features with names")
    void ofInputs() {
        try (TensorScope scope = TensorScope.open()) {
            float[] both = new float[2 * 3 * 20 * 24];
            System.arraycopy(image(3, 20, 24, 1), 0, both, 0, both.length / 2);
            System.arraycopy(image(3, 20, 24, 2), 0, both, both.length / 2, both.length / 2);
            Inputs inputs = Inputs.of(tensors.of(both, 2, 3, 20, 24));
            FeatureMask mask = FeatureMask.superpixels(8);
            assertThat(mask).hasToString("superpixels(8, 0.5)");
            Model sum = Model.ofTensors(tensors, all -> all.get(0).sum(1, 2, 3));
            try (Explanation why = new FeatureAblation().mask(mask).attribute(sum, inputs)) {
                for (int example = 0; example < 2; example++) {
                    int[] numbers = why.groupNumbers(0, example);
                    Set<Integer> distinct = new HashSet<>();
                    Arrays.stream(numbers).forEach(distinct::add);
                    assertThat(why.features(example)).hasSize(distinct.size());
                    assertThat(why.features(example).name(3)).isEqualTo("superpixel 3");
                    assertThat(Arrays.copyOf(numbers, 20 * 24))
                            .isEqualTo(new Superpixels(image(3, 20, 24, example + 1), 3, 20, 24, 0.5).cut(8))
                            .isEqualTo(Arrays.copyOfRange(numbers, 20 * 24, 2 * 20 * 24));
                }
            }
            assertThat(mask.fixed(inputs).groupNumbers(inputs, 0, 1)).isEqualTo(mask.groupNumbers(inputs, 0, 1));
            Inputs copies = inputs.select(1, 1);
            assertThat(mask.fixed(inputs).groupNumbers(copies, 0, 0)).isEqualTo(mask.groupNumbers(inputs, 0, 1));
            assertThatThrownBy(() -> mask.groups(copies))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessage("mask superpixels(8, 0.5): it follows from the images of the request and was given"
                            + " changed copies of them, by a method that wraps another; give the method the mask's"
                            + " fixed(inputs)");
        }
    }

    @Test
    @DisplayName("Counts and inputs that do not fit are refused, and integers are colors too")
    void refusals() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor small = tensors.zeros(Shape.of(1, 2, 2), DataType.INT64);
            assertThat(FeatureMask.superpixels(4).groups(Inputs.of(small))).isEqualTo(4);
            assertThatThrownBy(() -> FeatureMask.superpixels(5).groups(Inputs.of(small)))
                    .hasMessage("mask superpixels(5, 0.5): input 'input0' of shape (1, 2, 2) has only 4 pixels; ask for"
                            + " fewer superpixels");
            assertThatThrownBy(() -> FeatureMask.superpixels(2).groups(Inputs.of(small.reshape(1, 4))))
                    .hasMessageStartingWith("mask superpixels(2, 0.5): input 'input0' has shape (1, 4); it cuts two"
                            + " axes after that of the examples");
        }
        assertThatThrownBy(() -> FeatureMask.superpixels(0))
                .hasMessage("mask superpixels(0, 0.5): the number of superpixels must be at least 1, not 0");
        assertThatThrownBy(() -> FeatureMask.superpixels(5, -1))
                .hasMessage("mask superpixels(5, -1.0): compactness must be more than 0 and finite");
    }
}
