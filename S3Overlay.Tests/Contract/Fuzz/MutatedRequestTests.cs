using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Contract.Fuzz;

/// <summary>See <see cref="MutatedRequestTests{TFixture}"/>: on the built-in store.</summary>
public sealed class MutatedRequestTests(FuzzFixture fixture) : MutatedRequestTests<FuzzFixture>(fixture);

/// <summary>See <see cref="MutatedRequestTests{TFixture}"/>: over a remote.</summary>
[FullRun("the same tests run on the built-in store")]
public sealed class OverlaidMutatedRequestTests(OverlaidFuzzFixture fixture) : MutatedRequestTests<OverlaidFuzzFixture>(fixture);

/// <summary>Requests of real clients, damaged at random: bytes flipped, parts missing, repeated, nested, renamed, replaced.</summary>
public abstract class MutatedRequestTests<TFixture>(TFixture fixture) : IClassFixture<TFixture>
    where TFixture : FuzzFixture
{
    private const int InOneBucket = 20;

    private static readonly int Count = FullRunAttribute.IsOn ? 100 : 10;

    /// <summary>What a kept document has a part in.</summary>
    private static readonly (string Method, string Target, (string, string)[] Headers)[] Uses =
    [
        ("GET", "/BUCKET/k", [("Origin", "https://a.example")]),
        ("PUT", "/BUCKET/after", [("Origin", "https://b.example")]),
        ("HEAD", "/BUCKET/after", []),
        ("GET", "/BUCKET?versions", []),
        ("OPTIONS", "/BUCKET/k",
            [("Origin", "https://a.example"), ("Access-Control-Request-Method", "GET"), ("Access-Control-Request-Headers", "x-a")]),
        ("DELETE", "/BUCKET/after", []),
    ];

    public static TheoryData<string> Names => [.. SeedRequests.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Is_answered_by_no_failure_of_the_server(string name)
    {
        var seed = SeedRequests.All[name];
        var whole = await (await FuzzBucket.MakeAsync(fixture)).SendAsync(seed);
        Assert.True(whole.Status is >= 200 and < 300 || Refused(name), $"The whole request is refused: {whole.Status} {whole.Text}");

        var first = SeedRequests.All.Keys.Order(StringComparer.Ordinal).TakeWhile(other => other != name).Count() * 10_000;
        FuzzBucket bucket = null!;
        for (var i = 0; i < Count; i++)
        {
            bucket = i % InOneBucket == 0 ? await FuzzBucket.MakeAsync(fixture) : bucket;
            var (response, request) = await bucket.SendAsync(seed, new Mutator(first + i));
            Check(response, request);
            if (response.Status >= 300 || seed.Method is "GET" or "OPTIONS")
            {
                continue;
            }

            Check(await bucket.SendAsync("GET", seed.Target), "GET after " + request);
            foreach (var (method, target, headers) in Uses)
            {
                Check(await bucket.SendAsync(method, target, method == "PUT" ? "x"u8.ToArray() : null, headers),
                    $"{method} {target} after {request}");
            }
        }
    }

    [Theory]
    [InlineData("GET", "/BUCKET/k?versionId=AAAAAACQA%5EiVaGMrsjzKjg")]
    [InlineData("DELETE", "/BUCKET/k?versionId=AAAAAAAUBa3nkl%40Xh9Ep5A")]
    [InlineData("GET", "/BUCKET?versions&key-marker=k&version-id-marker=AAAAAACQA%5EiVaGMrsjzKjg")]
    public async Task A_version_id_of_other_characters_is_no_failure_of_the_server(string method, string target)
    {
        var response = await (await FuzzBucket.MakeAsync(fixture)).SendAsync(method, target);
        Assert.True(response.Status is >= 400 and < 500, $"{response.Status} {response.Text}");
    }

    [Theory]
    [InlineData("a")]
    [InlineData("longer-than-the-key-before-it-in-order")]
    public async Task Older_versions_of_a_marker_behind_the_prefix_are_not_listed(string prefix)
    {
        var bucket = await FuzzBucket.MakeAsync(fixture);
        await bucket.SendAsync("PUT", "/BUCKET/z", "one"u8.ToArray());
        var newest = (await bucket.SendAsync("PUT", "/BUCKET/z", "two"u8.ToArray())).Headers["x-amz-version-id"];
        var page = await bucket.SendAsync(
            "GET", $"/BUCKET?versions&key-marker=z&version-id-marker={newest}&prefix={prefix}&delimiter=%2F");
        Assert.Equal((200, false), (page.Status, page.Text.Contains("<Version>", StringComparison.Ordinal)));
    }

    /// <summary>Requests that S3 refuses here although they are whole: the object has no such key, date or size.</summary>
    private static bool Refused(string name) =>
        name is "read with a customer key" or "copy" or "delete with headers" or "preflight";

    private static void Check(RawResponse response, string request) =>
        Assert.True(response.Status is (>= 200 and < 500) or 501, $"{response.Status} {response.Text}\n{request}");
}
