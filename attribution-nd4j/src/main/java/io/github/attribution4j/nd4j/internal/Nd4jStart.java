// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j.internal;

import io.github.attribution4j.model.UnsupportedModelException;
import java.util.List;
import java.util.Properties;
import org.nd4j.common.config.ND4JSystemProperties;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.versioncheck.VersionCheck;

/** Starts ND4J without the lines that it logs when it starts. */
public final class Nd4jStart {
    /** Where ND4J warns that TensorFlow has two names for an operation, and of settings that it reads twice. */
    private static final List<String> LOUD = List.of("org.nd4j.imports", "org.nd4j.autodiff");

    private Nd4jStart() {}

    /**
     * Starts ND4J, unless it runs already. What the application has set is left as it is.
     *
     * @throws UnsupportedModelException if there is no backend for this machine on the class path
     */
    public static void quietly() {
        Holder.start();
    }

    /** Started once for all, and only when it is needed. */
    private static final class Holder {
        private static final boolean STARTED = started();

        private static void start() {
            if (!STARTED) {
                throw new UnsupportedModelException("ND4J has no backend for this machine on the class path; add"
                        + " org.nd4j:nd4j-native twice, without a classifier and with that of the platform, such as"
                        + " linux-x86_64");
            }
        }

        private static boolean started() {
            quiet(ND4JSystemProperties.LOG_INITIALIZATION, "false");
            LOUD.forEach(part -> quiet("org.slf4j.simpleLogger.log." + part, "error"));
            try {
                Nd4j.getExecutioner();
                return true;
            } catch (ExceptionInInitializerError | NoClassDefFoundError | UnsatisfiedLinkError e) {
                return false;
            }
        }

        private static void quiet(String property, String value) {
            if (System.getProperty(property) == null) {
                System.setProperty(property, value);
            }
        }
    }

    /** Returns the engine with its version, such as {@code ND4J 1.0.0-M2.1 (CPU)}. */
    public static String engine() {
        quietly();
        String version = VersionCheck.getVersionInfos().stream()
                .filter(info -> info.getArtifactId().equals("nd4j-api"))
                .map(info -> " " + info.getBuildVersion())
                .findFirst()
                .orElse("");
        Properties about = Nd4j.getExecutioner().getEnvironmentInformation();
        return "ND4J" + version + " (" + about.getProperty("backend") + ")";
    }
}
