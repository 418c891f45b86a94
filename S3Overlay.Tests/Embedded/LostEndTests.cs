using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Embedded;

/// <summary>
/// The end of the log or of the database is gone, at many lengths in turn. Nothing acknowledged is lost, and no delete is undone (table F).
/// A class of its own, so that it runs beside <see cref="FlippedBitTests"/>.
/// </summary>
[Trait("Rule", "F-damaged")]
public sealed class LostEndTests : DamagedStore
{
    [Theory]
    [InlineData("log", true)]
    [InlineData("log", false)]
    [InlineData("database", true)]
    [InlineData("database", false)]
    public async Task A_lost_end_changes_nothing(string file, bool isClosed)
    {
        await using var left = isClosed ? await CloseAsync() : Bench.Leave();
        var path = Path.GetRelativePath(left.Folder, file == "log" ? LogOf(left) : Path.Combine(left.Folder, "store.db"));
        var length = (int)new FileInfo(Path.Combine(left.Folder, path)).Length;
        foreach (var cut in file == "log" ? Sweep.Of(length, 16) : BytesOfDatabase(Path.Combine(left.Folder, path)))
        {
            await using var shorter = left.Leave();
            using (var opened = new FileStream(Path.Combine(shorter.Folder, path), FileMode.Open))
            {
                opened.SetLength(opened.Length - cut - 1);
            }

            await shorter.StartAsync();
            Assert.True(Expected == await SeeAsync(shorter), $"{cut + 1} bytes less");
            await shorter.Store.Tidying;
            await shorter.RebuildAsync();
            Assert.True(Expected == await SeeAsync(shorter), $"{cut + 1} bytes less, rebuilt");
        }
    }
}
