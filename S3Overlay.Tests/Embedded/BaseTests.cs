using S3Overlay.Proxy.Embedded;
using S3Overlay.Proxy.Embedded.Database;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Rebuild;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded;

/// <summary>The bases of changes in the built-in store: in files, log and database (rules P1, F).</summary>
[Trait("Rule", "P1")]
public sealed class BaseTests : IAsyncLifetime
{
    private static readonly RemoteBase Known = new("\"e\"", 12, DateTimeOffset.FromUnixTimeSeconds(1_700_000_000));

    private EmbeddedBench _bench = null!;

    public async Task InitializeAsync() => _bench = await OpenAsync();

    public Task DisposeAsync() => _bench.DisposeAsync().AsTask();

    [Fact]
    public async Task A_write_over_a_tombstone_keeps_its_base_when_the_tombstone_goes()
    {
        await _bench.Layer.MarkDeletedAsync(Bucket, "key", Known, default);
        await WriteAsync("key", Bytes(10), RemoteBase.UnknownSince(Known.Date.AddDays(1)));
        var tombstone = (await _bench.Store.Tombstones.FindAsync(Bucket, "key"))!;
        Assert.Equal(UndeleteOutcome.Undeleted,
            await _bench.Store.Tombstones.UndeleteAsync(Bucket, "key", tombstone.Sequence, default));
        Assert.Equal(Known, (await new EmbeddedChanges(_bench.Store).FindAsync(Bucket, "key", default))!.Base);
    }

    [Fact]
    [Trait("Rule", "P3")]
    public async Task A_revert_of_one_change_leaves_tags_that_were_set_since()
    {
        await WriteAsync("key", Bytes(10));
        var changes = new EmbeddedChanges(_bench.Store);
        var stamp = (await changes.FindAsync(Bucket, "key", default))!.Stamp;
        await _bench.Store.Objects.SetTagsAsync(Bucket, "key", null, null, "a=b", default);
        Assert.Equal(RevertOutcome.Changed, await changes.RevertAsync(Bucket, "key", new LocalRevert { Only = stamp }, default));
        stamp = (await changes.FindAsync(Bucket, "key", default))!.Stamp;
        Assert.Equal(RevertOutcome.Reverted, await changes.RevertAsync(Bucket, "key", new LocalRevert { Only = stamp }, default));
    }

    [Theory]
    [InlineData("restart")]
    [InlineData("kill")]
    [InlineData("rebuild")]
    [InlineData("log")]
    public async Task Bases_survive(string what)
    {
        await WriteAsync("small", Bytes(10));
        await WriteAsync("large", Bytes(300_000));
        await WriteAsync("absent", Bytes(10), RemoteBase.Absent);
        await WriteAsync("unknown", Bytes(10), RemoteBase.UnknownSince(Known.Date));
        await _bench.PutAsync("none", [1]);
        await WriteAsync("twice", Bytes(10));
        await WriteAsync("twice", Bytes(300_000, 2), RemoteBase.Absent);
        await WriteAsync("deleted", Bytes(10));
        await _bench.Layer.MarkDeletedAsync(Bucket, "deleted", RemoteBase.Absent, default);
        await _bench.DeleteAsync("deleted");
        await _bench.Layer.MarkDeletedAsync(Bucket, "gone", Known, default);
        var upload = await UploadAsync("joined");
        var expected = await DescribeAsync(_bench);
        Assert.Contains("twice 12", expected);
        Assert.Contains("deleted! 12", expected);
        Assert.Contains("joined 12", expected);
        Assert.Contains("none -", expected);
        Assert.Contains("absent -1", expected);
        switch (what)
        {
            case "restart":
                await _bench.ReopenAsync();
                break;
            case "rebuild":
                await _bench.RebuildAsync();
                break;
            case "log":
                // The log is replaced by what the files do not have.
                _bench.LogBytes = 100;
                await _bench.ReopenAsync();
                await _bench.PutAsync("more", [1]);
                await _bench.Store.Upkeep.Done;
                await _bench.DeleteAsync("more");
                await _bench.RebuildAsync();
                break;
            default:
                await using (var next = await _bench.AfterKillAsync())
                {
                    Assert.Equal(expected, await DescribeAsync(next));
                }

                break;
        }

        Assert.Equal(expected, await DescribeAsync(_bench));
        Assert.NotEmpty(upload);
    }

    [Fact]
    public void A_tombstone_of_an_older_program_is_read()
    {
        var old = new FieldWriter().Number(1).Byte(4).Text(Bucket).Text("k").Fixed(7).Written.ToArray();
        var read = Assert.Single(Change.Read(old));
        Assert.Equal((ChangeKind.Tombstone, 7UL, null), (read.Kind, read.Sequence, read.Tombstone!.Base));
        var written = Change.OfTombstone(Bucket, "k", new TombstoneRow(9, Known.Date, Known));
        Assert.Equal(written.Tombstone, Assert.Single(Change.Read(Change.Write([written]).Span)).Tombstone);
    }

    [Fact]
    public async Task A_database_of_the_first_schema_gets_the_new_columns()
    {
        using var folder = new TemporaryFolder();
        var options = StoreRebuild.OptionsOf(folder["old.db"], new StoreDisk(isDurable: false));
        await using (var old = SqliteDatabase.Open(options with { Schema = [Sql.Schema[0]] }))
        {
            old.Write(static writer => writer.Execute("INSERT INTO tombstones VALUES (x'62', x'6b', 5);"
                + "INSERT INTO objects VALUES (x'62', x'6b', 7, x'00112233445566778899aabbccddeeff', 3, 1000, 'e', 0, 't=1', 0, "
                + "x'000000');"));
        }

        await using var database = SqliteDatabase.Open(options);
        var (tombstone, row) = database.Read(0, static (connection, _) => (
            connection.Prepare(Sql.FindTombstone).BindKey(1, "b").BindKey(2, "k").One(static row => row.ReadTombstone()),
            connection.Prepare(Sql.FindObject).BindKey(1, "b").BindKey(2, "k").One(static row => row.ReadObject())));
        Assert.Equal(new TombstoneRow(5, null, null), tombstone);
        Assert.Equal((7UL, 3L, "t=1", null), (row!.Sequence, row.Info.Size, row.Tags, row.Base));
    }

    [Fact]
    [Trait("Rule", "P3")]
    public async Task A_revert_removes_object_and_tombstone_in_one_record()
    {
        await _bench.Layer.MarkDeletedAsync(Bucket, "k", Known, default);
        await WriteAsync("k", Bytes(10));
        var log = Assert.Single(Directory.GetFiles(Path.Combine(_bench.Folder, "changes")));
        var before = new FileInfo(log).Length;
        var changes = new EmbeddedChanges(_bench.Store);
        var change = (await changes.FindAsync(Bucket, "k", default))!;
        Assert.Equal(RevertOutcome.Changed, await changes.RevertAsync(Bucket, "k", new LocalRevert { Only = "1" }, default));
        Assert.Equal(before, new FileInfo(log).Length);
        Assert.Equal(RevertOutcome.Reverted, await changes.RevertAsync(Bucket, "k", new LocalRevert { Only = change.Stamp }, default));
        Assert.Equal(KeyState.Nothing, await _bench.Layer.ResolveAsync(Bucket, "k", default));
        Assert.Equal(RevertOutcome.Absent, await changes.RevertAsync(Bucket, "k", new LocalRevert(), default));
        await StoreView.StaysAsync(_bench, await StoreView.DescribeAsync(_bench));
        Assert.Equal(KeyState.Nothing, await _bench.Layer.ResolveAsync(Bucket, "k", default));
    }

    private async Task WriteAsync(string key, byte[] bytes, RemoteBase? known = null)
    {
        var put = OverlaidWrite.Over(Request(S3Operation.PutObject, key, new BytesBody(bytes), ""), known ?? Known);
        await _bench.Service.HandleAsync(put, new BufferedResponse(), default);
    }

    private async Task<string> UploadAsync(string key)
    {
        var begun = new BufferedResponse();
        await _bench.Service.HandleAsync(
            OverlaidWrite.Over(Request(S3Operation.CreateMultipartUpload, key, null, "uploads"), Known), begun, default);
        var upload = Text(begun, "UploadId");
        await _bench.ReopenAsync();
        var part = await MultipartTests.UploadAsync(_bench, upload, 1, Bytes(2000), key);
        await _bench.SendAsync(S3Operation.CompleteMultipartUpload, key, MultipartTests.Named(part), MultipartTests.Id(upload));
        return upload;
    }

    private static async Task<string[]> DescribeAsync(EmbeddedBench bench) =>
        [.. await new EmbeddedChanges(bench.Store).ListAsync(Bucket, "", "", default)
            .Select(static change => $"{change.Key}{(change.Written is null ? "!" : "")} {change.Base?.Size.ToString(
                System.Globalization.CultureInfo.InvariantCulture) ?? "-"}").ToListAsync()];
}
