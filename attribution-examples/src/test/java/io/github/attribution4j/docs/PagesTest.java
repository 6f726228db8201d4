// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The pages show the code of the classes here, and their links have targets. */
class PagesTest {
    private static final Pattern LINK = Pattern.compile("(?<!`)\\[[^\\]]*\\]\\(([^)\\s]+)\\)");
    private static final Pattern CODE = Pattern.compile("`([^`]+)`");

    @Test
    void everyBlockOfJavaIsASnippet() throws IOException {
        Map<String, String> snippets = Snippets.all();
        Set<String> shown = new HashSet<>();
        List<String> wrong = new ArrayList<>();
        for (Page original : Page.all()) {
            Page page = Boolean.getBoolean("attribution.docs.update") ? updated(original, snippets) : original;
            for (Page.Block block : page.blocks()) {
                if (!block.language().equals("java")) {
                    continue;
                }
                shown.add(block.snippet());
                String snippet = snippets.get(block.snippet());
                if (block.snippet().isEmpty()) {
                    wrong.add(page.at(block) + " has no line <!-- snippet: Class#name --> above it");
                } else if (snippet == null) {
                    wrong.add(page.at(block) + " names the region " + block.snippet() + ", which does not exist");
                } else if (!snippet.equals(page.text(block))) {
                    wrong.add(page.at(block) + " differs from " + block.snippet()
                            + ": run this test with -Dattribution.docs.update=true. The page says\n" + page.text(block)
                            + "\nand the class\n" + snippet);
                }
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(shown).as("regions that some page shows").containsAll(snippets.keySet());
    }

    private static Page updated(Page original, Map<String, String> snippets) throws IOException {
        Page page = original;
        for (int i = 0; i < page.blocks().size(); i++) {
            Page.Block block = page.blocks().get(i);
            String snippet = snippets.get(block.snippet());
            if (snippet != null && !snippet.equals(page.text(block))) {
                page = page.with(block, snippet);
            }
        }
        if (!page.equals(original)) {
            Files.writeString(page.file(), String.join("\n", page.lines()) + "\n");
        }
        return page;
    }

    @Test
    void everyRelativeLinkLeadsToAFileAndItsHeading() throws IOException {
        List<String> broken = new ArrayList<>();
        int links = 0;
        for (Page page : Page.all()) {
            Matcher link = LINK.matcher(String.join("\n", page.prose()));
            while (link.find()) {
                String to = link.group(1);
                if (URI.create(to).isAbsolute()) {
                    continue;
                }
                links++;
                if (!leadsSomewhere(page, to)) {
                    broken.add(page.name() + " -> " + to);
                }
            }
        }
        assertThat(broken).isEmpty();
        assertThat(links).isPositive();
    }

    private static boolean leadsSomewhere(Page page, String to) throws IOException {
        int hash = to.indexOf('#');
        String path = hash < 0 ? to : to.substring(0, hash);
        Path file = path.isEmpty() ? page.file() : page.file().resolveSibling(path);
        if (!Files.exists(file)) {
            return false;
        }
        return hash < 0 || headings(Page.read(file)).contains(to.substring(hash + 1));
    }

    /** Returns the anchors of the headings, by GitHub's rule. */
    private static Set<String> headings(Page page) {
        Set<String> anchors = new HashSet<>();
        for (String line : page.prose()) {
            if (line.startsWith("#")) {
                String title = line.replaceFirst("^#+ ", "").toLowerCase(Locale.ROOT);
                anchors.add(title.replaceAll("[^\\p{L}\\p{N}\\- ]", "").replace(' ', '-'));
            }
        }
        return anchors;
    }

    @Test
    void everyCallInTheMapFromCaptumIsCompiledAndRun() throws IOException {
        String source = Snippets.source("CaptumMapTest").replaceAll("\\s+", " ");
        int calls = 0;
        List<String> unknown = new ArrayList<>();
        for (String line :
                Page.read(Demo.REPOSITORY.resolve("docs/captum-map.md")).lines()) {
            String[] cells = line.split("\\|", -1);
            if (!line.startsWith("|") || cells.length < 4) {
                continue;
            }
            Matcher code = CODE.matcher(cells[2]);
            while (code.find()) {
                if (code.group(1).contains("(")) {
                    calls++;
                    if (!compact(source).contains(compact(code.group(1)))) {
                        unknown.add(code.group(1));
                    }
                }
            }
        }
        assertThat(unknown)
                .as("calls in captum-map.md that CaptumMapTest does not make")
                .isEmpty();
        assertThat(calls).isGreaterThan(30);
    }

    private static String compact(String code) {
        return code.replaceAll("\\s", "");
    }

    @Test
    void theDependencyHasTheVersionsOfTheBuild() throws IOException {
        String pom = Files.readString(Demo.REPOSITORY.resolve("pom.xml"));
        String page = Files.readString(Demo.REPOSITORY.resolve("docs/getting-started.md"));
        assertThat(version(page, "attribution-bom")).isEqualTo(version(pom, "attribution-parent"));
        assertThat(page.replaceAll("\\s+", " "))
                .contains("engine " + property(pom, "djl.version") + " takes JNI `"
                        + property(pom, "djl.pytorch-jni.version") + "` and libtorch "
                        + property(pom, "djl.pytorch-native.version") + " and no others");
        String bom = Files.readString(Demo.REPOSITORY.resolve("attribution-bom/pom.xml"));
        assertThat(version(bom, "pytorch-jni")).isEqualTo("${djl.pytorch-jni.version}");
        assertThat(version(bom, "pytorch-native-cpu")).isEqualTo("${djl.pytorch-native.version}");
        for (String platform : List.of("linux-x86_64", "linux-aarch64", "osx-aarch64", "win-x86_64")) {
            assertThat(page).contains(platform);
            assertThat(bom).contains("<classifier>" + platform + "</classifier>");
        }
    }

    private static String version(String xml, String artifact) {
        return found(xml, "<artifactId>" + artifact + "</artifactId>\\s*<version>([^<]+)</version>");
    }

    private static String property(String pom, String name) {
        return found(pom, "<" + Pattern.quote(name) + ">([^<]+)<");
    }

    private static String found(String text, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        assertThat(matcher.find()).as(pattern).isTrue();
        return matcher.group(1);
    }

    @Test
    void pagesAreUtf8AndHaveOneTitle() throws IOException {
        for (Page page : Page.all()) {
            String text = new String(Files.readAllBytes(page.file()), StandardCharsets.UTF_8);
            if (text.indexOf('\uFFFD') >= 0) {
                fail(page.name() + " is not UTF-8");
            }
            assertThat(page.prose().stream().filter(line -> line.startsWith("# ")))
                    .as(page.name())
                    .hasSize(1);
        }
    }
}
