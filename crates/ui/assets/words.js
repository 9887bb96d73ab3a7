// The words that suggested passwords are made of: common, short and easily spelt.
// At least 1,024 of them, so that each word adds ten bits; js-tests/generator.test.mjs counts.

const LIST =
  "acorn actor adobe agate alarm album alley almond amber anchor angle ankle apple apron arena arrow aspen atlas " +
  "attic autumn bacon badge bagel baker bakery balcony ballad ballet bamboo banana bandana banjo banner barge " +
  "barley barn barrel basalt basil basin basket bat beach beacon bead bean beanie bear beaver bedrock beech " +
  "beetle belfry bell belt bench berry birch birdie biscuit bishop bison blanket blazer blender blimp blossom " +
  "blouse bluebell board boat bobcat bonfire bonnet book boot border bottle boulder bouquet bower bowl bracket " +
  "branch brandy brass brave bread breeze brick bridge bridle briefcase broccoli bronze brook broom broth brush " +
  "bubble bucket buckle buffalo bugle bulb bumper bundle bungalow bunny burger burrow bus butter button cabbage " +
  "cabin cabinet cable cactus caddie cake calf camel camera camp canal candle candy canoe canvas canyon cape " +
  "caramel caravan carbon cardigan cargo carnival carpet carrot cart cartoon cashew castle catalog cathedral " +
  "cattle cave cavern cedar ceiling celery cellar cello cement census cereal chair chalk chapel chariot charm " +
  "chart cheese cherry chess chest chicken chief chimney chive choir chord cider cinder cinema circle circus " +
  "citrus clam clamp clarinet clasp clay cleric cliff climber clinic cloak clock cloth cloud clover club coach " +
  "coast coat cobalt cobble cobra cockpit cocoa coconut coffee coin collar colony column comb comet comic compass " +
  "concert cone cook cookie copper coral cork corn corner cosmos cottage cotton couch cougar counter county court " +
  "cousin cove cow coyote crab cracker cradle crane crate crater crayon cream creek crest crew cricket crocus " +
  "crossing crow crown cruise cruiser crumb crystal cube cuckoo cucumber cup cupboard cure curry curtain curve " +
  "cushion cutter cymbal cypress dairy daisy dam dance dart date dawn deck deer delta denim dentist depot desert " +
  "desk dial diamond diary dimple diner dinner disco dish dock doctor doll dolphin dome domino donkey door dory " +
  "dough dove dragon drawer dream dress drift drill driver drum duchess duck duet dumpling dune dusk eagle earth " +
  "easel easter echo eclipse eel egg elbow elder elephant elevator elm embassy ember emblem emerald engine " +
  "envelope ermine errand estate evening fabric fair fairy falcon family fan farm farmer fashion faucet feast " +
  "feather fence fennel fern ferry festival fiber fiddle field fiesta fig film finch finger fir fire fisher flag " +
  "flame flamingo flannel flask fleece flint float flock flood floor flora flour flower flute fly foam fog folder " +
  "fondue forest forge fork fort fossil fountain fox foxglove frame freckle freight fritter frog frost fruit " +
  "fudge funnel gable gadget galaxy galley gallop gander garage garden garlic garnet gate gazebo gazelle gear " +
  "gecko geyser giant gibbon ginger gingham giraffe glacier gladiola glass globe glove goat goblet gold gondola " +
  "goose gorilla gospel gourd grain granite granola grape grass gravel gravy grotto grove guava guitar gulf gull " +
  "guppy hammer hammock hamper hamster harbor harp harvest hatch hawk haystack hazel hearth heather hedge helmet " +
  "herb heron hiker hill hinge hobby holiday hollow honey hood hoof hook hopscotch horizon hornet horse hotel " +
  "house hut hyacinth ibis iceberg icicle igloo indigo inkwell inlet insect iris iron island ivory ivy jackal " +
  "jacket jade jaguar jasmine javelin jelly jersey jewel jigsaw jockey journal judge jukebox jungle juniper kale " +
  "karate kayak kennel kernel ketchup kettle keyboard kidney kiosk kitchen kite kitten knee knight knot koala " +
  "lacquer ladder ladle lagoon lake lamb lamp lantern lapel larch lark lasso lattice laundry lava lavender lawn " +
  "leaf leather lemon lens lentil leopard letter lettuce lever library lilac lily lime limestone linen lion " +
  "lizard llama lobby lobster locket lodge loft lotus lozenge lullaby lumber lunch lute lynx macaroon magnet " +
  "magpie mallet mammoth mandolin mango manor maple marble margin marigold marina market marmot marsh mask meadow " +
  "medal meerkat melody melon memory mentor merit metal meteor midnight milk milkshake mill mineral minnow mint " +
  "mirror mitten moat mocha model molar monsoon moon moose morning mosaic moss motel moth motor mountain mouse " +
  "muesli muffin mulberry mural muscle museum mushroom music mustard napkin narrow narwhal nature navy nebula " +
  "necklace nectar needle neon nephew nest nettle nickel noodle north notebook novel nozzle nugget nut nutmeg " +
  "nutshell oak oasis oat oatmeal obelisk oboe ocean octopus office okra olive onion opal opera opossum orange " +
  "orbit orchard orchid organ origami osprey ostrich otter outfit oval oven owl oxide oyster paddle paddock " +
  "padlock page pagoda paint palace palm pancake panda panel panther papaya paper paprika parade parasol parcel " +
  "park parrot parsley partridge pasta pastry patch patio pavement pavilion peach peacock peanut pear pearl " +
  "pebble pecan pedal pelican pencil pendulum penguin pepper perch petal pewter piano pickle picnic pier pigeon " +
  "pillar pillow pilot pine pioneer pirate pistachio pitcher pizza planet plank plaster plate plaza plum pocket " +
  "poem polar polka pond pony poplar poppy porcelain porch portrait postcard potato pottery powder prairie " +
  "pretzel prism program puddle puffin pulley pumpkin puppet purple puzzle python quarry quartz quill quilt " +
  "quince quiver rabbit raccoon radar radio radish raft rail rain raisin ranch raven recipe record reef relay " +
  "ribbon rice ridge ring ripple river roast robin rocket roof rooster root rope rose rowan royal rubber ruby " +
  "rudder runner saddle saffron sage sail salad salmon salt salute sand sandal sapphire sardine satin sauce scale " +
  "scarf school scooter scout screen scroll seal season seed shadow shark shawl sheep shelf shell sheriff ship " +
  "shore shovel shrimp shutter sierra signal silk silver singer siren sketch skillet sky sled sleeve slipper " +
  "slope smoke snail snow soap soccer sock soda sofa soil solar sonnet soup south spade spark sparrow spice " +
  "spider spinach spiral spoon spring sprout spruce square squash squid stable stadium stamp star statue steam " +
  "steel stone stork storm stove straw stream street studio sugar suit summer summit sun sunset surf swallow swan " +
  "sweater swing switch syrup table tablet tailor talent tango tape target tartan tavern tea teacup temple tennis " +
  "tent thicket thimble thistle thread throne thumb thunder thyme ticket tide tiger timber tin toast toffee " +
  "tomato topaz torch tortoise toucan towel tower tractor trail train transit trapeze travel tray treasure tree " +
  "trellis tribe trolley trophy trout truck trumpet trunk tulip tundra tunnel turban turkey turnip turtle tuxedo " +
  "tweed twig twilight umbrella uncle unicorn uniform vacuum valley valve vanilla vapor vase velvet vendor verse " +
  "vessel vest viaduct village vine vinegar violet violin visitor volcano voyage waffle wagon wall wallet walnut " +
  "walrus warbler water wave wax weasel weather wedge west whale wheat wheel whistle wicker widget willow window " +
  "winter wizard wolf wood wool world wreath wren yacht yard yarn yogurt zebra zenith zipper zodiac";

export const WORDS = LIST.split(" ");
