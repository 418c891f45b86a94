using System.Text.Json;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Clients;

/// <summary>Backup programs on a bucket with versions, whose objects are encrypted.</summary>
[Trait("Needs", "Clients")]
public sealed class BackupClientTests : IAsyncLifetime
{
    private SettingScene _scene = null!;

    private TemporaryFolder Folder => _scene.Folder;

    public async Task InitializeAsync()
    {
        _scene = await SettingScene.StartAsync();
        var proxy = _scene.Proxy;
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/backup")).Status);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/backup?versioning",
            "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")).Status);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/backup?encryption",
            "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>"
            + "</ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>")).Status);
        Directory.CreateDirectory(Folder["data/sub"]);
        await File.WriteAllTextAsync(Folder["data/sub/ü odd#.txt"], "one");
        // A change within the same second, to the same size, would be none to duplicity: it compares sizes and whole seconds.
        File.SetLastWriteTimeUtc(Folder["data/sub/ü odd#.txt"], DateTime.UtcNow.AddHours(-1));
        var large = new byte[9_000_000];
        new Random(1).NextBytes(large);
        await File.WriteAllBytesAsync(Folder["data/large"], large);
    }

    public async Task DisposeAsync() => await _scene.DisposeAsync();

    [ClientFact("restic")]
    public async Task Restic()
    {
        async Task<string> Restic(params string[] arguments) =>
            (await _scene.RunAsync("restic", ["--no-cache", "--repo", $"s3:{_scene.Endpoint}/backup/restic", .. arguments],
                ("RESTIC_PASSWORD", "secret"))).Succeeded();

        await Restic("init");
        await Restic("backup", Folder["data"]);
        await File.WriteAllTextAsync(Folder["data/sub/ü odd#.txt"], "two");
        await Restic("backup", Folder["data"]);
        using var snapshots = JsonDocument.Parse(await Restic("snapshots", "--json"));
        Assert.Equal(2, snapshots.RootElement.GetArrayLength());
        await Restic("check", "--read-data");
        await Restic("restore", snapshots.RootElement[0].GetProperty("id").GetString()!, "--target", Folder["old"]);
        Assert.Equal("one", await File.ReadAllTextAsync(Folder["old" + Folder["data/sub/ü odd#.txt"]]));
        await Restic("forget", "--keep-last", "1", "--prune");
        await Restic("restore", "latest", "--target", Folder["new"]);
        Assert.Equal("two", await File.ReadAllTextAsync(Folder["new" + Folder["data/sub/ü odd#.txt"]]));
        Assert.Equal(
            await File.ReadAllBytesAsync(Folder["data/large"]), await File.ReadAllBytesAsync(Folder["new" + Folder["data/large"]]));
        Assert.Contains("<DeleteMarker>", (await _scene.Proxy.SendAsync("GET", "/backup?versions")).Text, StringComparison.Ordinal);
    }

    [ClientFact("duplicity")]
    public async Task Duplicity()
    {
        async Task<string> Duplicity(params string[] arguments) => (await _scene.RunAsync("duplicity",
            [
                .. arguments, "--no-encryption", "--archive-dir", Folder["archive"], "--s3-endpoint-url", _scene.Endpoint, "--volsize", "4",
            ])).Succeeded();

        const string Target = "boto3+s3://backup/duplicity";
        await Duplicity("full", Folder["data"], Target);
        await File.WriteAllTextAsync(Folder["data/sub/ü odd#.txt"], "two");
        await Duplicity("incremental", Folder["data"], Target);
        await Duplicity("verify", "--compare-data", Target, Folder["data"]);
        await Duplicity("full", Folder["data"], Target);
        await Duplicity("remove-all-but-n-full", "1", "--force", Target);
        Directory.Delete(Folder["archive"], recursive: true);
        await Duplicity("restore", Target, Folder["back"]);
        Assert.Equal("two", await File.ReadAllTextAsync(Folder["back/sub/ü odd#.txt"]));
        Assert.Equal(await File.ReadAllBytesAsync(Folder["data/large"]), await File.ReadAllBytesAsync(Folder["back/large"]));
    }
}
