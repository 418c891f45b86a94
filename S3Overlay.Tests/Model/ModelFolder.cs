using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model;

/// <summary>The disk of a model's proxy: the data of the built-in store, with another folder after each kill, and a spool.</summary>
internal sealed class ModelFolder : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private int _life;

    /// <summary>The data folder of the built-in store.</summary>
    public string Data => _folder[$"data{_life}"];

    public string Spool => _folder["spool"];

    /// <summary>Deletes a subfolder of the data or a database, if it exists. Does nothing for the empty string.</summary>
    public void Remove(string name)
    {
        if (name.Length > 0 && Directory.Exists(Path.Combine(Data, name)))
        {
            Directory.Delete(Path.Combine(Data, name), recursive: true);
        }
        else if (name.Length > 0 && Directory.Exists(Data))
        {
            foreach (var file in Directory.EnumerateFiles(Data, name + "*"))
            {
                File.Delete(file);
            }
        }
    }

    /// <summary>Saves the disk's current state for the next process.</summary>
    public void PutAside()
    {
        CrashedFolder.Copy(Data, _folder[$"data{_life + 1}"]);
    }

    /// <summary>The next process begins with the saved state.</summary>
    public void Next() => _life++;

    public void Dispose() => _folder.Dispose();
}
