using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded;

/// <summary>Tags of buckets.</summary>
[Trait("Rule", "B5")]
public sealed class BucketTagTests : IAsyncLifetime
{
    private EmbeddedBench _bench = null!;

    public async Task InitializeAsync() => _bench = await OpenAsync();

    public Task DisposeAsync() => _bench.DisposeAsync().AsTask();

    [Fact]
    public async Task They_are_set_read_and_deleted_and_survive_a_rebuild()
    {
        Assert.Equal("NoSuchTagSet", await _bench.FailAsync(S3Operation.GetBucketConfiguration, "", null, "tagging"));
        await PutAsync(Document(("name", "old")));
        await PutAsync(Document(("name", "a + b"), ("empty", "")));
        Assert.Equal(["name", "a + b", "empty", ""], await ReadAsync());
        await _bench.ReopenAsync();
        Assert.Equal(["name", "a + b", "empty", ""], await ReadAsync());
        await _bench.RebuildAsync();
        Assert.Equal(["name", "a + b", "empty", ""], await ReadAsync());
        await _bench.SendAsync(S3Operation.DeleteBucketConfiguration, "", null, "tagging");
        await _bench.SendAsync(S3Operation.DeleteBucketConfiguration, "", null, "tagging");
        Assert.Equal("NoSuchTagSet", await _bench.FailAsync(S3Operation.GetBucketConfiguration, "", null, "tagging"));
    }

    [Fact]
    public async Task A_new_bucket_of_the_same_name_has_none()
    {
        await PutAsync(Document(("name", "value")));
        await _bench.SendAsync(S3Operation.DeleteBucket, "");
        await _bench.SendAsync(S3Operation.CreateBucket, "");
        Assert.Equal("NoSuchTagSet", await _bench.FailAsync(S3Operation.GetBucketConfiguration, "", null, "tagging"));
    }

    [Fact]
    public void Tags_of_an_earlier_version_are_read()
    {
        var before = new FieldWriter().Text("photos").Byte(1).Number(0).Text("us-east-1").Fixed(0).Byte(0).OptionalText("a=1").Written;
        var record = BucketRecord.Read(before);
        Assert.Contains("<Key>a</Key><Value>1</Value>", record.Documents["tagging"], StringComparison.Ordinal);
        Assert.Equal(record.Documents, BucketRecord.Read(record.Write().Span).Documents);
    }

    [Fact]
    public async Task Invalid_ones_are_refused_and_change_nothing()
    {
        await PutAsync(Document([.. Enumerable.Range(0, 50).Select(static i => ($"name{i}", "value"))]));
        string[] wrong =
        [
            Document([.. Enumerable.Range(0, 51).Select(static i => ($"name{i}", "value"))]), Document(("a", "1"), ("a", "2")),
            Document(("aws:a", "1")), Document(("", "1")),
        ];
        foreach (var document in wrong)
        {
            Assert.Equal("InvalidTag", await _bench.FailAsync(S3Operation.PutBucketConfiguration, "", TextBody(document), "tagging"));
        }

        Assert.Equal("MalformedXML", await _bench.FailAsync(S3Operation.PutBucketConfiguration, "", TextBody("<Tags/>"), "tagging"));
        Assert.Equal(100, (await ReadAsync()).Count);
    }

    private static string Document(params (string Name, string Value)[] tags) => "<Tagging><TagSet>"
        + string.Concat(tags.Select(static tag => $"<Tag><Key>{tag.Name}</Key><Value>{tag.Value}</Value></Tag>")) + "</TagSet></Tagging>";

    private Task PutAsync(string document) =>
        _bench.SendAsync(S3Operation.PutBucketConfiguration, "", TextBody(document), "tagging");

    private async Task<List<string>> ReadAsync() =>
        [.. Xml(await _bench.SendAsync(S3Operation.GetBucketConfiguration, "", null, "tagging")).Descendants()
            .Where(static element => !element.HasElements).Select(static element => element.Value)];
}
