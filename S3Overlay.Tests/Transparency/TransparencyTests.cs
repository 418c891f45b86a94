using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;
using S3Overlay.Tests.Transparency.Scenarios;

namespace S3Overlay.Tests.Transparency;

/// <summary>
/// The same requests once to a store and once to the proxy before it, without a remote: nothing of the proxy may show (rule T3) but what
/// <see cref="AllowedDifferences"/> says.
/// </summary>
[Trait("Rule", "T3")]
[Trait("Rule", "T1")]
public abstract class TransparencyTests<TFixture>(TFixture fixture) : IClassFixture<TFixture>
    where TFixture : class, ITwoWays
{
    private static int _buckets;

    public static TheoryData<string> Names => [.. Scenario.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    [QuickRows(10)]
    public Task The_proxy_is_transparent(string name) => CompareAsync(Scenario.All[name]);

    [Fact]
    public Task The_proxy_is_transparent_to_forms() => CompareAsync(SignatureScenarios.FormsAsync);

    [Fact]
    public Task The_proxy_is_transparent_to_trailers() => CompareAsync(BodyScenarios.TrailersAsync);

    [Fact]
    public Task The_proxy_is_transparent_to_headers_on_several_lines() => CompareAsync(ObjectScenarios.LinesAsync);

    private async Task CompareAsync(Func<Side, Task> scenario)
    {
        var number = Interlocked.Increment(ref _buckets);
        var run = Guid.NewGuid().ToString("n")[..6];
        var direct = new Side(fixture.Direct, $"direct--{run}-{number:D3}");
        var through = new Side(fixture.Through, $"through-{run}-{number:D3}") { IsProxy = true };
        foreach (var side in new[] { direct, through })
        {
            Assert.Equal(200, (await side.SendAsync("PUT", "/BUCKET")).Status);
            await scenario(side);
        }

        var differences = Comparison.Of(direct, through);
        Assert.True(differences.Length == 0, differences);
    }
}
