using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Writes;

public sealed class DeleteTests
{
    private const string Bucket = "mapped";

    private readonly OverlayBench _bench = new();

    /// <summary>A write that comes after the tombstone of a delete that is only for unchanged keys.</summary>
    [Fact, Trait("Rule", "P3")]
    public async Task A_delete_of_an_unchanged_key_leaves_what_is_written_after_its_tombstone()
    {
        _bench.Layer.OnTombstone = async _ => await _bench.SendAsync(S3Operation.PutObject, Bucket, "key", "in between");
        var refused = await Assert.ThrowsAsync<S3Exception>(() => _bench.DeleteUnchangedAsync(Bucket, "key"));
        Assert.Equal(S3Errors.ConditionalRequestConflict, refused.Error);
        Assert.Equal("in between", await _bench.GetAsync(Bucket, "key"));
        Assert.False(_bench.Layer.IsMarked(Bucket, "key"));
    }

    [Fact]
    [Trait("Rule", "D1")]
    [Trait("Rule", "R2")]
    public async Task A_delete_stays_and_costs_the_remote_nothing()
    {
        _bench.Remote.Put("below", "key");
        Assert.Equal(204, (await _bench.SendAsync(S3Operation.DeleteObject, Bucket, "key")).Status);
        _bench.Remote.Put("below", "key", "again");
        Assert.Same(S3Errors.NoSuchKey, (await _bench.FailAsync(S3Operation.GetObject, Bucket, "key")).Error);
        Assert.Same(S3Errors.NoSuchKey, (await _bench.FailAsync(S3Operation.HeadObject, Bucket, "key")).Error);
        Assert.Equal(0, _bench.Remote.Calls);
    }

    [Fact]
    [Trait("Rule", "D1")]
    public async Task The_tombstone_is_there_before_the_local_object_goes()
    {
        _bench.Remote.Put("below", "key");
        await _bench.SendAsync(S3Operation.PutObject, Bucket, "key", "written");
        var stateAtTombstone = KeyState.Nothing;
        _bench.Layer.OnTombstone = async key => stateAtTombstone = await _bench.Layer.ResolveAsync(Bucket, key, default);
        await _bench.SendAsync(S3Operation.DeleteObject, Bucket, "key");
        Assert.Equal(KeyState.Written, stateAtTombstone);
        Assert.Equal(KeyState.Deleted, await _bench.Layer.ResolveAsync(Bucket, "key", default));
    }

    [Fact]
    [Trait("Rule", "D1")]
    public async Task A_delete_whose_tombstone_fails_deletes_nothing()
    {
        await _bench.SendAsync(S3Operation.PutObject, Bucket, "key", "written");
        _bench.Layer.TombstoneFailures["key"] = new IOException("no room");
        await Assert.ThrowsAsync<IOException>(() => _bench.SendAsync(S3Operation.DeleteObject, Bucket, "key"));
        Assert.Equal("written", await _bench.GetAsync(Bucket, "key"));
    }

    [Fact]
    [Trait("Rule", "D2")]
    public async Task Without_tombstones_the_remote_shows_again()
    {
        _bench.Settings = new OverlaySettings { LeavesTombstones = false };
        _bench.Remote.Put("below", "key");
        await _bench.SendAsync(S3Operation.PutObject, Bucket, "key", "written");
        await _bench.SendAsync(S3Operation.DeleteObject, Bucket, "key");
        Assert.Equal("remote", await _bench.GetAsync(Bucket, "key"));
    }

    [Fact]
    public async Task A_key_written_after_its_delete_shows()
    {
        _bench.Remote.Put("below", "key");
        await _bench.SendAsync(S3Operation.DeleteObject, Bucket, "key");
        await _bench.SendAsync(S3Operation.PutObject, Bucket, "key", "again");
        Assert.Equal("again", await _bench.GetAsync(Bucket, "key"));
    }

    [Theory]
    [InlineData("remote", "right", 204)]
    [InlineData("remote", "*", 204)]
    [InlineData("remote", "\"wrong\"", 412)]
    [InlineData("written", "right", 204)]
    [InlineData("written", "\"wrong\"", 412)]
    [InlineData("absent", "*", 404)]
    [InlineData("deleted", "*", 404)]
    [Trait("Rule", "W3")]
    public async Task A_conditional_delete_applies_to_what_clients_see(string state, string value, int status)
    {
        var etag = "";
        if (state != "absent")
        {
            etag = _bench.Remote.Put("below", "key").ETag;
        }

        if (state == "written")
        {
            etag = (await _bench.SendAsync(S3Operation.PutObject, Bucket, "key", "written")).Headers.ETag.ToString();
        }
        else if (state == "deleted")
        {
            await _bench.SendAsync(S3Operation.DeleteObject, Bucket, "key");
        }

        var before = await _bench.Layer.ResolveAsync(Bucket, "key", default);
        value = value == "right" ? etag : value;
        if (status == 204)
        {
            Assert.Equal(204, (await _bench.SendAsync(S3Operation.DeleteObject, Bucket, "key", headers: ("If-Match", value))).Status);
            Assert.Equal(KeyState.Deleted, await _bench.Layer.ResolveAsync(Bucket, "key", default));
        }
        else
        {
            Assert.Equal(
                status, (await _bench.FailAsync(S3Operation.DeleteObject, Bucket, "key", headers: ("If-Match", value))).Error.Status);
            Assert.Equal(before, await _bench.Layer.ResolveAsync(Bucket, "key", default));
        }
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [Trait("Rule", "D1")]
    [Trait("Rule", "W3")]
    public async Task A_delete_that_is_refused_at_the_last_moment_leaves_the_tombstones_that_there_were(
        bool isWritten, bool wasDeletedBefore)
    {
        var etag = _bench.Remote.Put("below", "key").ETag;
        if (wasDeletedBefore)
        {
            await _bench.SendAsync(S3Operation.DeleteObject, Bucket, "key");
            etag = "*";
        }

        if (isWritten || wasDeletedBefore)
        {
            etag = (await _bench.SendAsync(S3Operation.PutObject, Bucket, "key", "written")).Headers.ETag.ToString();
        }

        _bench.Layer.OnTombstone = async _ => await _bench.SendAsync(S3Operation.PutObject, Bucket, "key", "in between");
        Assert.Equal(412, (await _bench.FailAsync(S3Operation.DeleteObject, Bucket, "key", headers: ("If-Match", etag))).Error.Status);
        Assert.Equal("in between", await _bench.GetAsync(Bucket, "key"));
        Assert.Equal(wasDeletedBefore, _bench.Layer.IsMarked(Bucket, "key"));
    }

    [Fact]
    [Trait("Rule", "D3")]
    public async Task Many_keys_are_deleted_each_by_itself_and_reported_in_order()
    {
        foreach (var key in (string[])["a", "b", "c"])
        {
            _bench.Remote.Put("below", key);
            await _bench.SendAsync(S3Operation.PutObject, Bucket, key, "written " + key);
        }

        _bench.Layer.TombstoneFailures["b"] = new IOException("no room");
        var response = OverlayBench.Xml(await _bench.SendAsync(S3Operation.DeleteObjects, Bucket,
            text: Delete(false, ["c", "b", "a", "never", new string('k', 1025)])));
        Assert.Equal(["c", "b", "a", "never", new string('k', 1025)], response.Elements()
            .Select(element => element.Elements().First().Value));
        Assert.Equal(
            ["Deleted", "Error", "Deleted", "Deleted", "Error"], response.Elements().Select(element => element.Name.LocalName));
        Assert.Equal(["b"], await _bench.ListAsync(Bucket));
        Assert.Equal("written b", await _bench.GetAsync(Bucket, "b"));
    }

    [Fact]
    [Trait("Rule", "D3")]
    public async Task A_quiet_delete_reports_only_failures()
    {
        _bench.Layer.TombstoneFailures["b"] = new IOException("no room");
        var response = OverlayBench.Xml(await _bench.SendAsync(S3Operation.DeleteObjects, Bucket, text: Delete(true, ["a", "b"])));
        Assert.Equal("b", Assert.Single(response.Elements()).Elements().First().Value);
    }

    [Fact]
    [Trait("Rule", "A2")]
    public async Task A_key_the_caller_may_not_write_is_not_deleted()
    {
        _bench.MayWrite = key => key != "b";
        await _bench.SendAsync(S3Operation.PutObject, Bucket, "b", "written");
        var response = OverlayBench.Xml(await _bench.SendAsync(S3Operation.DeleteObjects, Bucket, text: Delete(true, ["a", "b"])));
        Assert.Equal("AccessDenied", Assert.Single(response.Elements()).Elements()
            .Single(element => element.Name.LocalName == "Code").Value);
        Assert.Equal("written", await _bench.GetAsync(Bucket, "b"));
    }

    [Fact]
    [Trait("Rule", "V2")]
    public async Task A_version_that_local_lacks_is_not_deleted()
    {
        _bench.Remote.Put("below", "key");
        Assert.Same(S3Errors.AccessDenied, (await _bench.FailAsync(S3Operation.DeleteObject, Bucket, "key", query: "versionId=v1")).Error);
        await _bench.SendAsync(S3Operation.PutObject, Bucket, "key", "written");
        Assert.Same(S3Errors.AccessDenied, (await _bench.FailAsync(S3Operation.DeleteObject, Bucket, "key", query: "versionId=v1")).Error);
        Assert.Equal(204, (await _bench.SendAsync(S3Operation.DeleteObject, Bucket, "key", query: "versionId=null")).Status);
        Assert.Equal(KeyState.Deleted, await _bench.Layer.ResolveAsync(Bucket, "key", default));
    }

    private static string Delete(bool quiet, IEnumerable<string> keys) =>
        $"<Delete><Quiet>{(quiet ? "true" : "false")}</Quiet>"
        + string.Concat(keys.Select(key => $"<Object><Key>{key}</Key></Object>")) + "</Delete>";
}
