using System.Globalization;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>The file that says which version of the layout a data folder has.</summary>
internal static class FormatFile
{
    private const string Prefix = "s3overlay-store ";

    /// <summary>Refuses a folder of another version; marks a new one.</summary>
    /// <exception cref="StoreUnavailableException">The folder's version is not known here.</exception>
    public static void Check(StoreFolders folders, StoreDisk disk)
    {
        if (!File.Exists(folders.Format))
        {
            var aside = folders.Format + ".new";
            disk.Delete(aside);
            using (var file = disk.Create(aside))
            {
                disk.Write(file, System.Text.Encoding.ASCII.GetBytes(Prefix + FilePreamble.Version.ToString(CultureInfo.InvariantCulture) + "\n"), 0);
                disk.Sync(file);
            }

            disk.Move(aside, folders.Format);
            return;
        }

        var text = File.ReadAllText(folders.Format).Trim();
        if (text != Prefix + FilePreamble.Version.ToString(CultureInfo.InvariantCulture))
        {
            throw new StoreUnavailableException(
                $"The data folder {folders.Root} says it is '{text}', which this version does not know (it knows '{Prefix}{FilePreamble.Version}'). "
                + "Use the version that made it, or another folder (S3_OVERLAY_DATA_DIR).");
        }
    }
}
