using S3Overlay.Proxy.Embedded;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Hosting;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Embedded;

/// <summary>Which folders the built-in store accepts, and the errors for the others.</summary>
public sealed class DataFolderTests
{
    [Fact]
    public async Task A_folder_with_foreign_files_is_left_as_it_is()
    {
        using var folder = new TemporaryFolder();
        foreach (var name in (string[])["thesis.txt", "notes.md", "a", "b"])
        {
            File.WriteAllText(folder[name], "kept");
        }

        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(
            () => EmbeddedStore.OpenAsync(new EmbeddedOptions { Folder = folder.Path }));

        Assert.Contains(
            $"{folder.Path} is not empty and does not belong to S3Overlay: it contains a, b, notes.md and more. Set S3_OVERLAY_DATA_DIR",
            refused.Message, StringComparison.Ordinal);
        Assert.Equal(["a", "b", "notes.md", "thesis.txt"], Directory.EnumerateFileSystemEntries(folder.Path).Select(Path.GetFileName)
            .Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("lost+found")]
    [InlineData(".gitkeep")]
    [InlineData("cache")]
    [InlineData("LOCK")]
    [InlineData("FORMAT.new")]
    public async Task Leftovers_of_a_file_system_or_an_interrupted_start_are_not_foreign(string name)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder[name], "");

        await using var store = await EmbeddedStore.OpenAsync(new EmbeddedOptions { Folder = folder.Path });

        Assert.True(File.Exists(folder["FORMAT"]));
    }

    [Fact]
    public async Task Files_of_others_that_came_later_do_not_keep_it_from_opening()
    {
        using var folder = new TemporaryFolder();
        await (await EmbeddedStore.OpenAsync(new EmbeddedOptions { Folder = folder.Path })).DisposeAsync();
        File.WriteAllText(folder["README.txt"], "by an operator");

        await using var store = await EmbeddedStore.OpenAsync(new EmbeddedOptions { Folder = folder.Path });
    }

    [Theory]
    [InlineData("")]
    [InlineData("s3overlay-store \n")]
    [InlineData("s3overlay-store one\n")]
    [InlineData("\u001b[31m\u0007\0\0\u00ff")]
    public async Task A_damaged_format_file_is_named_and_not_printed(string text)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["FORMAT"], text);
        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(
            () => EmbeddedStore.OpenAsync(new EmbeddedOptions { Folder = folder.Path }));

        Assert.Contains($"The file {folder["FORMAT"]} is damaged", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(refused.Message, char.IsControl);
        Assert.Contains("write the line \"s3overlay-store 2\" into it", refused.Message, StringComparison.Ordinal);
        Assert.Equal(refused.Message, StartupException.FromOpening(refused, folder.Path).Message);
    }

    [Fact]
    public async Task A_format_file_of_any_size_is_not_read_whole()
    {
        using var folder = new TemporaryFolder();
        await using (var file = File.Create(folder["FORMAT"]))
        {
            file.SetLength(8L << 30);
        }

        await Assert.ThrowsAsync<StoreUnavailableException>(() => EmbeddedStore.OpenAsync(new EmbeddedOptions { Folder = folder.Path }));
    }
}
