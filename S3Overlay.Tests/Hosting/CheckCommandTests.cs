using System.Text.Json;

using S3Overlay.Proxy.Hosting.Commands;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Hosting;

/// <summary>What <c>s3overlay check</c> finds, repairs and prints.</summary>
[Trait("Rule", "F-damaged")]
public sealed class CheckCommandTests : IAsyncLifetime
{
    private EmbeddedBench _bench = null!;

    public async Task InitializeAsync()
    {
        _bench = await OpenAsync();
        await _bench.PutAsync("key", Bytes(5000));
    }

    public Task DisposeAsync() => _bench.DisposeAsync().AsTask();

    [Fact]
    public async Task A_folder_in_use_is_refused()
    {
        var (code, output) = await RunAsync();
        Assert.Equal(1, code);
        Assert.Contains("is in use by another process. Stop that process", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sound_store_is_counted()
    {
        await _bench.CloseAsync();
        var (code, output) = await RunAsync("--deep");
        Assert.Equal(0, code);
        Assert.Contains("1 objects with 5,000 bytes, 0 tombstones, 0 open uploads.", output, StringComparison.Ordinal);
        Assert.EndsWith("Nothing is wrong.\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_block_is_found_only_by_a_deep_check_and_names_the_object()
    {
        await _bench.CloseAsync();
        var file = _bench.Files("objects").Single();
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[^10] ^= 1;
        await File.WriteAllBytesAsync(file, bytes);
        Assert.Equal(0, (await RunAsync()).Code);
        var (code, output) = await RunAsync("--deep", "--json");
        Assert.Equal(1, code);
        var problem = JsonDocument.Parse(output).RootElement.GetProperty("problems")[0];
        Assert.Equal((Bucket, "key"), (problem.GetProperty("bucket").GetString(), problem.GetProperty("key").GetString()));
        Assert.Contains("is damaged", problem.GetProperty("what").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_database_is_rebuilt_by_a_repair()
    {
        await _bench.ReopenAsync();
        await _bench.CloseAsync();
        var database = Path.Combine(_bench.Folder, "store.db");
        var bytes = await File.ReadAllBytesAsync(database);
        bytes[9000] ^= 1;
        await File.WriteAllBytesAsync(database, bytes);
        var (code, output) = await RunAsync();
        Assert.Equal(1, code);
        Assert.Contains("does not match its checksum", output, StringComparison.Ordinal);
        Assert.Contains("Run \"s3overlay check --repair\".", output, StringComparison.Ordinal);
        (code, output) = await RunAsync("--repair");
        Assert.Equal(0, code);
        Assert.Contains("The database was rebuilt", output, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync()).Code);
        await _bench.StartAsync();
        Assert.Equal(Bytes(5000), await _bench.GetAsync("key"));
    }

    /// <summary>A file is taken back only if no write and no delete of its key is newer.</summary>
    [Fact]
    public async Task Lost_files_are_taken_back_if_nothing_is_newer()
    {
        await _bench.PutAsync("deleted", [1]);
        await _bench.PutAsync("replaced", [1]);
        await _bench.PutAsync("forgotten", [2]);
        var files = _bench.Files("objects").ToDictionary(static path => path, File.ReadAllBytes);
        await _bench.DeleteAsync("deleted");
        await _bench.PutAsync("replaced", [3]);
        await _bench.CloseAsync();
        var lost = Directory.CreateDirectory(Path.Combine(_bench.Folder, "lost"));
        foreach (var (path, bytes) in files)
        {
            await File.WriteAllBytesAsync(Path.Combine(lost.FullName, Path.GetFileName(path)), bytes);
        }

        // The store has never had the last of them.
        await _bench.StartAsync();
        await _bench.Store.Rows.CommitAsync(Proxy.Embedded.Rows.Change.OfDelete(Bucket, "forgotten", 1));
        var row = (await _bench.Store.Objects.FindAsync(Bucket, "forgotten"))!;
        await _bench.CloseAsync();
        await ForgetAsync(row);
        var (code, output) = await RunAsync();
        Assert.Contains("bucket/deleted, 1 bytes", output, StringComparison.Ordinal);
        Assert.Contains("older than a delete of the key", output, StringComparison.Ordinal);
        Assert.Contains("older than the object", output, StringComparison.Ordinal);
        Assert.Contains("can be taken back with --repair", output, StringComparison.Ordinal);
        (code, output) = await RunAsync("--repair");
        Assert.Equal(0, code);
        Assert.Contains("The lost object bucket/forgotten was taken back.", output, StringComparison.Ordinal);
        await _bench.StartAsync();
        Assert.Equal(["forgotten", "key", "replaced"], await _bench.ListAsync());
        Assert.Equal([2], await _bench.GetAsync("forgotten"));
        Assert.Equal([3], await _bench.GetAsync("replaced"));
        await _bench.CloseAsync();
        Assert.Contains("files in lost/ were deleted", (await RunAsync("--empty-lost")).Output, StringComparison.Ordinal);
        Assert.Empty(_bench.Files("lost"));
        await _bench.StartAsync();
    }

    [Fact]
    public async Task Another_folder_is_refused()
    {
        await _bench.CloseAsync();
        var (code, output) = await RunAsync("--S3_OVERLAY_DATA_DIR", Path.GetTempPath());
        Assert.Equal(1, code);
        Assert.Contains("is not a data folder", output, StringComparison.Ordinal);
        await _bench.StartAsync();
    }

    /// <summary>Takes a row out of the database and its records out of the log, as damage would.</summary>
    private async Task ForgetAsync(Proxy.Embedded.Rows.ObjectRow row)
    {
        File.Delete(new Proxy.Embedded.Files.StoreFolders(_bench.Folder).PathOf(row.File));
        var log = _bench.Files("changes").Single();
        var kept = new List<ReadOnlyMemory<byte>>();
        using (var reader = Proxy.Embedded.Journals.JournalReader.Open(log)!)
        {
            while (reader.TryRead(out var record))
            {
                if (!Proxy.Embedded.Rows.Change.Read(record.Span).Any(static change => change.Key == "forgotten"))
                {
                    kept.Add(record);
                }
            }
        }

        File.Delete(log);
        using (var journal = Proxy.Embedded.Journals.Journal.Open(log, new Proxy.Embedded.Files.StoreDisk(false), 0))
        {
            journal.Append(kept);
        }

        _bench.ForgetDatabase();
        await _bench.StartAsync();
        await _bench.CloseAsync();
    }

    private async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        string[] folder = arguments.Contains("--S3_OVERLAY_DATA_DIR") ? [] : ["--S3_OVERLAY_DATA_DIR", _bench.Folder];
        var code = await CommandLine.RunAsync(["check", .. arguments, .. folder], output, output);
        return (code, output.ToString());
    }
}
