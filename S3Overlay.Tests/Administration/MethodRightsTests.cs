using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration;

/// <summary>Every method needs a key with <c>admin</c>, in the header of a request of no foreign page (rule A5).</summary>
[Trait("Rule", "A5")]
public sealed class MethodRightsTests
{
    private const string Keys =
        """
        [ { "accessKey": "writer", "secretKey": "writer-secret", "rights": { "*": "write" } },
          { "accessKey": "reader", "secretKey": "reader-secret", "rights": { "*": "read" } },
          { "accessKey": "nothing", "secretKey": "nothing-secret", "rights": {} },
          { "accessKey": "operator", "secretKey": "operator-secret", "rights": {}, "admin": true } ]
        """;

    /// <summary>Who asks: a key with a header, or one of the ways that are no header.</summary>
    public static TheoryData<string, string, string> Callers => new()
    {
        { "writer", "", "" },
        { "reader", "", "" },
        { "nothing", "", "" },
        { "unsigned", "", "" },
        { "guessed", "", "" },
        { "presigned", "", "" },
        { "presigned by SigV2", "", "" },
        { "operator", "Origin", "http://page.test" },
        { "operator", "Origin", "null" },
        { "operator", "Sec-Fetch-Site", "cross-site" },
    };

    [Theory]
    [MemberData(nameof(Callers))]
    public async Task No_method_answers_anyone_else(string caller, string header, string value)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["keys.json"], Keys);

        // What pages of other origins may read of the buckets has no say here.
        await using var proxy = await OverlayHost.StartEmbeddedAsync(
            null, ("S3_OVERLAY_KEYS_FILE", folder["keys.json"]), ("S3_OVERLAY_CORS", "true"));
        var admin = new SignedHttp(proxy.Endpoint, "operator", "operator-secret");
        (string, string)[] headers = header.Length == 0 ? [] : [(header, value)];
        foreach (var (verb, path, _, _) in await AllMethods.ListAsync(admin))
        {
            // A caller that may call it gets an error about the parameter, and nothing happens.
            var wrong = path + "?no-such-parameter=1";
            Assert.Equal((path, 400), (path, (await admin.SendAsync(verb, wrong)).Status));
            foreach (var target in (string[])[path, wrong])
            {
                var refused = await SendAsync(proxy.Endpoint, caller, verb, target, headers);
                Assert.Equal((path, 403, "application/json"), (path, refused.Status, refused.Headers.GetValueOrDefault("Content-Type")));
                Assert.DoesNotContain("Access-Control-Allow-Origin", refused.Headers.Keys, StringComparer.OrdinalIgnoreCase);
            }
        }
    }

    private static Task<RawResponse> SendAsync(Uri proxy, string caller, string verb, string target, (string, string)[] headers)
    {
        switch (caller)
        {
            case "unsigned":
                return new SignedHttp(proxy).SendUnsignedAsync(verb, target, null, headers);
            case "guessed":
                return new SignedHttp(proxy, "operator", "guessed").SendAsync(verb, target, null, headers);
            case "presigned":
                var (path, query) = target.Split('?') is [var before, var after] ? (before, after) : (target, "");
                var link = new RequestSigner(new SigningCredentials("operator", "operator-secret"), "us-east-1").Presign(
                    verb, proxy.Authority, path, query, [], DateTimeOffset.UtcNow, TimeSpan.FromHours(1));
                return new SignedHttp(proxy).SendUnsignedAsync(verb, $"{path}?{link}", null, headers);
            case "presigned by SigV2":
                return new SignedHttp(proxy).SendUnsignedAsync(verb,
                    target.Split('?')[0] + "?AWSAccessKeyId=operator&Expires=9175139620&Signature=c2lnbmF0dXJl", null, headers);
            default:
                return new SignedHttp(proxy, caller, caller + "-secret").SendAsync(verb, target, null, headers);
        }
    }
}
