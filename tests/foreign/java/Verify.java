import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.JSONArrayUtils;
import com.nimbusds.jose.util.JSONObjectUtils;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Verifies tokens with Nimbus JOSE+JWT and its remote key source. */
public final class Verify {
  public static void main(String[] arguments) throws Exception {
    String input = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
    Map<String, Object> answers = new LinkedHashMap<>();
    for (Object item : JSONArrayUtils.parse(input)) {
      @SuppressWarnings("unchecked")
      Map<String, Object> given = (Map<String, Object>) item;
      try {
        answers.put((String) given.get("name"), Map.of("claims", verify(given).toJSONObject()));
      } catch (BadJOSEException | JOSEException | ParseException error) {
        answers.put((String) given.get("name"), Map.of("refused", String.valueOf(error.getMessage())));
      }
    }
    System.out.println(JSONObjectUtils.toJSONString(answers));
  }

  private static JWTClaimsSet verify(Map<String, Object> given) throws Exception {
    var keys = JWKSourceBuilder.<SecurityContext>create(URI.create((String) given.get("jwks_uri")).toURL()).build();
    var processor = new DefaultJWTProcessor<SecurityContext>();
    processor.setJWSTypeVerifier(
        new DefaultJOSEObjectTypeVerifier<>(new JOSEObjectType((String) given.get("typ"))));
    processor.setJWSKeySelector(
        new JWSVerificationKeySelector<>(JWSAlgorithm.parse((String) given.get("algorithm")), keys));
    processor.setJWTClaimsSetVerifier(
        new DefaultJWTClaimsVerifier<>(
            (String) given.get("audience"),
            new JWTClaimsSet.Builder().issuer((String) given.get("issuer")).build(),
            Set.copyOf(JSONObjectUtils.getStringList(given, "required"))));
    return processor.process((String) given.get("token"), null);
  }
}
