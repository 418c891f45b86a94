using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.Stores;

/// <summary>What the probe finds out about bodies: checksums, frames, and truncated bodies.</summary>
[Trait("Rule", "W7")]
public sealed class ProbedBodiesTests : StoreProbeTestBase
{
    [Fact]
    public async Task Whether_cut_bodies_are_kept_is_known()
    {
        Assert.False((await FindAsync()).KeepsCutBodies);
        using var keeping = new CutKeeper(Store);
        Assert.True((await FindAsync()).KeepsCutBodies);
    }

    [Fact]
    public async Task Trailers_that_are_refused_are_known_not_to_be_taken()
    {
        Store.Refuse = request => request.Headers.ContainsKey("x-amz-trailer") ? 400 : null;
        Assert.False((await FindAsync()).TakesTrailers);
        Store.Refuse = request => request.Headers.ContainsKey("x-amz-checksum-crc32") ? 501 : null;
        Assert.False((await FindAsync()).ChecksChecksums);
    }

    [Theory]
    [InlineData(ChecksumHabits.Good, true, false)]
    [InlineData(ChecksumHabits.KeepsEncoding, true, false)]
    [InlineData(ChecksumHabits.NeedsEncoding, true, true)]
    [InlineData(ChecksumHabits.NeedsAndKeepsEncoding, false, false)]
    [InlineData(ChecksumHabits.NoTrailers, false, false)]
    public async Task Frames_that_leave_a_trace_are_not_used(string habit, bool takesTrailers, bool needsEncoding)
    {
        ChecksumHabits.Play(Store, habit);
        var found = await FindAsync();
        Assert.Equal((takesTrailers, needsEncoding, true), (found.TakesTrailers, found.NeedsChunkedEncoding, found.ChecksChecksums));
    }

    [Theory]
    [InlineData("AAAAAA==")]
    [InlineData("none")]
    public async Task A_store_that_takes_a_wrong_checksum_checks_none(string taken)
    {
        Store.Refuse = request => request.Headers["x-amz-checksum-crc32"] == taken ? 200 : null;
        Assert.False((await FindAsync()).ChecksChecksums);
    }
}
