using System.Text;

using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Primitives;

namespace S3Overlay.WebConsole.Assets;

/// <summary>
/// The one file that Blazor looks up on the server: which scripts of libraries run before a page starts. A build writes it for files beside
/// the program; ours are in the assembly.
/// </summary>
internal sealed class InitializerList : IFileProvider
{
    private static readonly string Name = $"{typeof(InitializerList).Assembly.GetName().Name}.modules.json";

    /// <inheritdoc/>
    public IFileInfo GetFileInfo(string subpath) => subpath.TrimStart('/') == Name ? new List() : new NotFoundFileInfo(subpath);

    /// <inheritdoc/>
    public IDirectoryContents GetDirectoryContents(string subpath) => NotFoundDirectoryContents.Singleton;

    /// <inheritdoc/>
    public IChangeToken Watch(string filter) => NullChangeToken.Singleton;

    private sealed class List : IFileInfo
    {
        private readonly byte[] _content = Encoding.UTF8.GetBytes($"[\"{AssetUrls.Of(AssetUrls.FluentUI).TrimStart('/')}\"]");

        public bool Exists => true;

        public long Length => _content.Length;

        public string? PhysicalPath => null;

        public string Name => InitializerList.Name;

        public DateTimeOffset LastModified => DateTimeOffset.UnixEpoch;

        public bool IsDirectory => false;

        public Stream CreateReadStream() => new MemoryStream(_content, writable: false);
    }
}
