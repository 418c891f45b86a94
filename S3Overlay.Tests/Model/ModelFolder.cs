using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model;

/// <summary>The disk of a model's proxy: the data of the built-in store, with another folder after each kill, and a spool.</summary>
internal sealed class ModelFolder : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private int _life;

    /// <summary>The data folder of the built-in store.</summary>
    public string Data => _folder[$"data{_life}"];

    /// <summary>The folder of the spool.</summary>
    public string Spool => _folder["spool"];

    /// <summary>Takes a folder of the data away, where there is one of that name; none for the empty string.</summary>
    public void Remove(string name)
    {
        if (name.Length > 0 && Directory.Exists(Path.Combine(Data, name)))
        {
            Directory.Delete(Path.Combine(Data, name), recursive: true);
        }
    }

    /// <summary>Saves the disk's current state for the next process.</summary>
    public void PutAside()
    {
        CrashedFolder.Copy(Data, _folder[$"data{_life + 1}"]);
    }

    /// <summary>The next process begins, over what was put aside.</summary>
    public void Next() => _life++;

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();
}
